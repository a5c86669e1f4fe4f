from datetime import date

import pytest

from terresante.care_team import actions, queries
from terresante.care_team.enums import ConsentKind
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import audit, rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.patients.enums import InformationSupport
from terresante.patients.traits import Traits
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NEWCOMER = Traits(
    birth_name="Œuvrard",
    birth_given_names="Zoé Anne",
    birth_date=date(2001, 5, 3),
    sex="F",
    birth_place_code="75056",
)


def opens(actor, record):
    with rls.acting(actor):
        try:
            return queries.open_record(actor, record.pk).basis
        except NotFound:
            return None


def test_a_record_is_opened_by_its_circle_and_by_nobody_else(cast):
    expected = {
        "amar": "member",
        "ines": "member",
        "colin": "structure",
        "samira": "structure",
        "madeleine": "patient",
    }

    for name, actor in cast.actors.items():
        assert opens(actor, cast.madeleine_record) == expected.get(name), name


def test_a_founded_record_is_closed_to_sharing_until_the_person_is_informed(cast):
    record = actions.create_record(cast.amar, traits=NEWCOMER)
    member = actions.NewMember(practitioner_id=cast.ines.person_id)

    with pytest.raises(Refused, match="Informez"):
        actions.add_member(cast.amar, record.pk, member=member)
    actions.share_record(cast.amar, record.pk, support=InformationSupport.ORAL_WITH_NOTICE)
    actions.add_member(cast.amar, record.pk, member=member)

    assert opens(cast.ines, record) == "member"
    assert opens(cast.brun, record) is None


def test_names_are_kept_in_their_strict_form(cast):
    record = actions.create_record(cast.amar, traits=NEWCOMER)

    with walls_down():
        patient = type(record).objects.get(pk=record.pk).patient
        assert (patient.birth_name, patient.birth_given_names) == ("OEUVRARD", "ZOE ANNE")


def test_a_missing_trait_is_named_and_nothing_is_written(cast):
    with pytest.raises(Invalid) as raised:
        actions.create_record(
            cast.amar,
            traits=Traits(
                birth_name="", birth_given_names="ZOE", birth_date=None, sex="F", birth_place_code="75"
            ),
        )

    assert set(raised.value.fields) == {"birth_name", "birth_date", "birth_place_code"}
    with walls_down():
        assert not AuditEntry.objects.exists()


def test_a_known_patient_with_a_record_is_not_founded_twice(cast):
    with pytest.raises(Conflict):
        actions.create_record(cast.brun, traits=NEWCOMER, patient_id=cast.madeleine_record.patient_id)


def test_who_leaves_the_circle_is_refused_at_once(cast):
    with walls_down():
        ines = CareTeamParticipant.objects.get(
            practitioner_id=cast.ines.person_id, patient_id=cast.madeleine_record.patient_id
        )

    with pytest.raises(NotFound):
        actions.remove_member(cast.brun, cast.madeleine_record.pk, ines.pk)
    actions.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk, reason="déménagement")

    assert opens(cast.ines, cast.madeleine_record) is None
    assert opens(cast.amar, cast.madeleine_record) == "member"
    with walls_down():
        assert OutboxEvent.objects.filter(kind="MemberLeft").count() == 1


def test_a_member_may_leave_by_himself(cast):
    with walls_down():
        ines = CareTeamParticipant.objects.get(
            practitioner_id=cast.ines.person_id, patient_id=cast.madeleine_record.patient_id
        )

    actions.remove_member(cast.ines, cast.madeleine_record.pk, ines.pk)

    assert opens(cast.ines, cast.madeleine_record) is None


def test_an_opposition_closes_the_record_to_the_whole_circle(cast):
    actions.record_choice(
        cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier"
    )

    for name in ("amar", "ines", "colin"):
        assert opens(cast.actors[name], cast.madeleine_record) is None, name
    assert opens(cast.madeleine, cast.madeleine_record) == "patient"


def test_break_glass_opens_for_reading_only(cast):
    actions.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, antécédents inconnus"
    )

    assert opens(cast.urgentiste, cast.madeleine_record) == "break_glass"
    with pytest.raises(Refused):
        actions.add_member(
            cast.urgentiste,
            cast.madeleine_record.pk,
            member=actions.NewMember(practitioner_id=cast.jules.person_id),
        )
    assert opens(cast.urgentiste, cast.leon_record) is None


@pytest.mark.parametrize("kind", [ConsentKind.OPPOSITION_EMERGENCY, ConsentKind.OPPOSITION_RECORD])
def test_break_glass_is_refused_when_the_patient_opposed_it(cast, kind):
    actions.record_choice(cast.amar, cast.madeleine_record.pk, kind=kind, proof="courrier")

    with pytest.raises(Refused, match="opposée"):
        actions.open_in_emergency(
            cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, sans témoin"
        )


def test_break_glass_opens_nothing_before_the_person_is_informed(cast):
    record = actions.create_record(cast.amar, traits=NEWCOMER)

    with pytest.raises(Refused, match="pas encore informée"):
        actions.open_in_emergency(cast.urgentiste, record.patient_id, reason="Coma, sans témoin")
    assert opens(cast.urgentiste, record) is None
    actions.share_record(cast.amar, record.pk, support=InformationSupport.ORAL_WITH_NOTICE)
    actions.open_in_emergency(cast.urgentiste, record.patient_id, reason="Coma, sans témoin")
    assert opens(cast.urgentiste, record) == "break_glass"


def test_break_glass_needs_a_reason_and_a_clinician(cast):
    with pytest.raises(Invalid):
        actions.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="urgent")
    with pytest.raises(Refused):
        actions.open_in_emergency(cast.samira, cast.leon_record.patient_id, reason="Elle a besoin d’aide")


def test_each_action_leaves_its_audit_row(cast):
    with audit.collecting() as trail:
        actions.create_record(cast.amar, traits=NEWCOMER)

    assert trail.written >= 2
    with walls_down():
        row = AuditEntry.objects.get(action="record.create")
        assert (row.actor_name, row.organization_name) == (cast.amar.name, "Cabinet des Lilas")


def test_an_opposition_ends_an_emergency_access_that_is_open(cast):
    actions.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="inconsciente, traitement inconnu"
    )
    assert opens(cast.urgentiste, cast.madeleine_record) == "break_glass"

    actions.record_choice(
        cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_EMERGENCY, proof="courrier"
    )

    assert opens(cast.urgentiste, cast.madeleine_record) is None
    assert opens(cast.amar, cast.madeleine_record) == "member"
