"""A record closes to who has it open on a screen: he hears it, and nothing is written of him."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from terresante.care_team import actions
from terresante.care_team.enums import ConsentKind
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.kernel.enums import Outcome
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.overview.tests.test_merged_live import asked, merged, told, twice
from terresante.patients.models import CareRecord
from tests.cast import join
from tests.walls import walls_down

__all__ = ["twice"]
pytestmark = pytest.mark.commits
REASON = "Patient inconscient, aucun proche joignable"


def opposed(actor, record, kind=ConsentKind.OPPOSITION_RECORD):
    actions.record_choice(actor, record.pk, kind=kind, proof="courrier du 3 mars")


def member(record, actor):
    with walls_down():
        return CareTeamParticipant.objects.get(record_id=record.pk, practitioner_id=actor.person_id)


def refusals(actor):
    with walls_down():
        return AuditEntry.objects.filter(user_id=actor.user_id, outcome=Outcome.REFUSED).count()


def test_an_opposition_is_heard_by_everybody_it_puts_out_and_by_nobody_else(cast):
    record = cast.madeleine_record
    actions.open_in_emergency(cast.urgentiste, record.patient_id, reason=REASON)
    secretary = replace(
        cast.jules, name="Secrétaire", correlation_id=new_id(), principal_id=cast.amar.person_id
    )
    connected = (cast.amar, cast.ines, cast.colin, cast.urgentiste, secretary, cast.brun, cast.madeleine)

    opposed(cast.ines, record)

    patient_id, heard = told("RecordClosed", *connected)
    assert patient_id == record.patient_id
    assert heard == [cast.amar.name, cast.ines.name, cast.colin.name, cast.urgentiste.name, "Secrétaire"]


def test_an_opposition_to_emergencies_is_heard_by_who_had_opened_one(cast):
    record = cast.madeleine_record
    actions.open_in_emergency(cast.urgentiste, record.patient_id, reason=REASON)

    opposed(cast.ines, record, ConsentKind.OPPOSITION_EMERGENCY)

    heard = told("RecordClosed", cast.amar, cast.ines, cast.urgentiste, cast.brun)[1]
    assert heard == [cast.urgentiste.name]


def test_who_leaves_the_circle_hears_it_and_who_stays_hears_something_else(cast):
    record = cast.madeleine_record
    actions.remove_member(cast.amar, record.pk, member(record, cast.ines).pk)

    connected = (cast.amar, cast.ines, cast.jules, cast.madeleine)
    assert told("RecordClosed", *connected) == (record.patient_id, [cast.ines.name])
    assert told("MemberLeft", *connected)[1] == [cast.amar.name, cast.madeleine.name]


def test_an_emergency_that_ended_by_itself_hears_of_nobody_who_leaves(cast):
    """He may be somebody whose very presence in the circle is restricted."""
    record, hour = cast.madeleine_record, timedelta(hours=1)
    actions.open_in_emergency(cast.urgentiste, record.patient_id, reason=REASON)
    with walls_down():
        EmergencyAccess.objects.update(opened_at=F("opened_at") - 2 * hour, expires_at=F("opened_at") - hour)

    actions.remove_member(cast.amar, record.pk, member(record, cast.ines).pk)

    assert told("RecordClosed", cast.urgentiste, cast.ines)[1] == [cast.ines.name]


def test_a_merge_with_a_record_that_was_opposed_closes_both(cast, twice):
    opposed(cast.jules, twice)
    merged(cast, twice)

    heard = told("IdentitiesMerged", cast.amar, cast.jules, cast.brun)[1]
    assert heard == [cast.amar.name, cast.jules.name]
    assert told("IdentityMoved", cast.amar, cast.jules, cast.brun)[1] == heard


def test_an_open_page_is_told_that_it_is_closed_and_no_refusal_is_written(client, cast):
    record = cast.madeleine_record
    assert asked(client, cast.amar, record) == (200, "")

    opposed(cast.ines, record)

    assert asked(client, cast.amar, record)[0] in (403, 404)
    # Nor of who tries addresses: he learns no more of a record that is there than of one that is not.
    assert asked(client, cast.brun, record)[0] == 404
    assert asked(client, cast.brun, CareRecord(pk=cast.amar.user_id))[0] == 404
    assert (refusals(cast.amar), refusals(cast.brun)) == (0, 0)


def test_that_nothing_has_changed_is_no_reading_of_the_record(client, cast):
    with walls_down():
        before = AuditEntry.objects.filter(patient_id=cast.madeleine_record.patient_id).count()

    asked(client, cast.amar, cast.madeleine_record)

    with walls_down():
        assert AuditEntry.objects.filter(patient_id=cast.madeleine_record.patient_id).count() == before


def test_who_comes_back_another_way_is_not_closed_out(client, cast):
    """Taken out himself, he still reads through his structure."""
    record = cast.madeleine_record
    with walls_down():
        join(record, organization_id=cast.ines.organization_id)

    actions.remove_member(cast.amar, record.pk, member(record, cast.ines).pk)

    assert told("RecordClosed", cast.ines)[1] == [cast.ines.name]
    assert asked(client, cast.ines, record) == (200, "")
