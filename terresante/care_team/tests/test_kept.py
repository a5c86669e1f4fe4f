"""The non-shared record of a support structure, and the rights that a deployment changes; refusals first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.care_team import actions, matrix
from terresante.care_team.actions import NewMember
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.models import EmergencyAccess
from terresante.care_team.queries import search_patients
from terresante.care_team.tests.test_regime import (
    NEWCOMER,
    REASON,
    WHY,
    notes_read,
    reads,
    shown_as_reader,
    told_live,
)
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.switch_changes import change
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.patients.enums import InformationSupport
from terresante.patients.merge_actions import merge_identities
from terresante.patients.models import CareRecord

pytestmark = pytest.mark.commits

# The non-shared record of a support structure.


def found(actor, traits=NEWCOMER):
    with rls.acting(actor):
        prefix = (traits.birth_name[:3], traits.birth_given_names[:3])
        return search_patients(born=traits.birth_date, prefixes=[prefix])


def test_only_a_support_structure_keeps_a_record_to_itself(cast):
    for actor in (cast.amar, cast.urgentiste, cast.madeleine):
        with pytest.raises(Refused):
            actions.create_kept_record(actor, traits=NEWCOMER)


def test_nobody_outside_the_structure_finds_a_kept_record_nor_sees_that_it_exists(samu):
    record = actions.create_kept_record(samu.samira, traits=NEWCOMER)
    patient_id = record.patient_id

    assert reads(samu.samira, record) and reads(samu.colin, record)
    assert [person.is_mine for person in found(samu.colin)] == [True]
    for actor in (samu.amar, samu.brun, samu.urgentiste, samu.lea):
        assert not reads(actor, record) and found(actor) == []
        with rls.acting(actor):
            assert rls.open_record(patient_id) == ""
    with pytest.raises(NotFound):
        actions.open_in_emergency(samu.urgentiste, patient_id, reason="retrouvée inconsciente")
    with pytest.raises(NotFound):
        actions.open_for_call(samu.lea, patient_id, reason=REASON)
    with pytest.raises(Refused):
        actions.add_member(samu.samira, record.pk, member=NewMember(practitioner_id=samu.amar.person_id))
    # A doctor makes her record as if nothing were: no conflict tells him of the other.
    own = actions.create_record(samu.amar, traits=NEWCOMER)
    assert own.patient_id != patient_id
    assert not EmergencyAccess.objects.exists()


def test_the_identity_desk_merges_no_identity_of_a_kept_record(cast):
    """Made one with another, it would open to the other's circle what nobody knows of."""
    kept = actions.create_kept_record(cast.samira, traits=NEWCOMER)
    own = actions.create_record(cast.amar, traits=NEWCOMER)
    for surviving, dead in ((own, kept), (kept, own)):
        with pytest.raises(Conflict, match="partage"):
            merge_identities(
                cast.identito, surviving.patient_id, dead_id=dead.patient_id, reason="mêmes traits"
            )
    assert not reads(cast.amar, kept) and reads(cast.samira, kept)

    actions.share_record(cast.samira, kept.pk, support=InformationSupport.ORAL_WITH_NOTICE)
    merge_identities(cast.identito, own.patient_id, dead_id=kept.patient_id, reason="mêmes traits")
    assert reads(cast.samira, own)


def test_a_kept_record_opens_once_the_person_is_informed_and_what_was_written_stays_private(cast):
    record = actions.create_kept_record(cast.samira, traits=NEWCOMER)
    publish_note(
        cast.samira, record.pk, note=NewNote(id=new_id(), data_class=DataClass.COORDINATION, text="visite")
    )
    for wrong in ({"given_at": timezone.now() + timedelta(days=1)}, {"given_by_id": cast.amar.person_id}):
        with pytest.raises(Invalid):
            actions.share_record(cast.samira, record.pk, support=InformationSupport.ORAL_WITH_NOTICE, **wrong)
    with pytest.raises(NotFound):
        actions.share_record(cast.amar, record.pk, support=InformationSupport.ORAL_WITH_NOTICE)
    actions.share_record(
        cast.samira,
        record.pk,
        support=InformationSupport.ORAL_WITH_NOTICE,
        given_by_id=cast.colin.person_id,
    )

    actions.add_member(cast.samira, record.pk, member=NewMember(practitioner_id=cast.amar.person_id))
    publish_note(
        cast.samira, record.pk, note=NewNote(id=new_id(), data_class=DataClass.COORDINATION, text="suite")
    )
    assert reads(cast.amar, record)
    with rls.acting(cast.amar):
        assert list(Note.objects.values_list("text", flat=True)) == ["suite"]
    with rls.acting(cast.colin):
        assert Note.objects.filter(record=record).count() == 2
        kept = CareRecord.objects.get(pk=record.pk)
    assert (kept.information_given_by_id, kept.kept_by_id) == (cast.colin.person_id, None)
    assert [person.patient_id for person in found(cast.brun)] == [record.patient_id]
    with pytest.raises(Conflict):
        actions.share_record(cast.samira, record.pk, support=InformationSupport.ORAL_WITH_NOTICE)


# Rights that a deployment changes.


def test_a_right_changed_is_in_force_for_lists_objects_and_writing(cast, administrator):
    record = cast.madeleine_record
    publish_note(cast.amar, record.pk, note=NewNote(id=new_id(), data_class=DataClass.CARE, text="soin"))
    assert notes_read(cast.ines, record) == {"care"}

    code = matrix.code_of(RoleGroup.NURSE, DataClass.CARE)
    change(administrator, code, "none", WHY)
    assert notes_read(cast.ines, record) == set()
    assert notes_read(cast.amar, record) == {"care"}
    for asked in (told_live, shown_as_reader):
        assert not asked(cast.ines, record, DataClass.CARE), asked
        assert asked(cast.amar, record, DataClass.CARE), asked
    with pytest.raises(Refused):
        publish_note(cast.ines, record.pk, note=NewNote(id=new_id(), data_class=DataClass.CARE, text="x"))

    change(administrator, code, "R", WHY)
    assert notes_read(cast.ines, record) == {"care"}


def test_no_deployment_goes_past_what_the_law_limits(administrator):
    for group, data_class, value in (
        (RoleGroup.HOME_AIDE, DataClass.MEDICAL, "R"),
        (RoleGroup.SECRETARY, DataClass.MEDICAL, "RW"),
        (RoleGroup.OTHER, DataClass.COORDINATION, "R"),
        (RoleGroup.PHYSICIAN, DataClass.STAY, "RW"),
        (RoleGroup.NURSE, DataClass.CIRCLE, "none"),
    ):
        with pytest.raises(Invalid):
            change(administrator, matrix.code_of(group, data_class), value, WHY)
        assert matrix.limit(group, data_class)


def test_every_default_is_within_the_limits_and_every_profession_has_its_group():
    for group in RoleGroup:
        for data_class in DataClass:
            assert matrix.MATRIX[group].get(data_class, "") in matrix.allowed(group, data_class)
