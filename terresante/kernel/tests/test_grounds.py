import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import circle_of, open_record
from terresante.kernel import access, grounds, rls
from terresante.kernel.errors import NotFound
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note
from tests.walls import walls_down

MEMBERSHIPS = "FROM care_team_careteamparticipant AS own"


def asked_of_memberships(actor, record) -> int:
    rows = access.list(actor, NOTE_READ, Note, patient_id=record.patient_id)
    return str(rows.query).count(MEMBERSHIPS)


def test_a_page_asks_once_and_its_rules_no_more(cast):
    record = cast.madeleine_record
    with rls.acting(cast.amar, read_only=True):
        assert asked_of_memberships(cast.amar, record)
        open_record(cast.amar, record.pk)
        assert not asked_of_memberships(cast.amar, record)
        with CaptureQueriesContext(connection) as caught:
            assert circle_of(cast.amar, record.patient_id)
    assert MEMBERSHIPS not in caught[0]["sql"]


def test_nothing_is_learned_where_something_may_be_written(cast):
    record = cast.madeleine_record
    with rls.acting(cast.amar):
        open_record(cast.amar, record.pk)
        assert grounds.known(cast.amar, record.patient_id) is None
        assert asked_of_memberships(cast.amar, record)


def test_what_is_known_is_of_that_actor_and_that_patient(cast):
    record = cast.madeleine_record
    with rls.acting(cast.amar, read_only=True):
        open_record(cast.amar, record.pk)
        assert grounds.known(cast.amar, record.patient_id) is not None
        assert grounds.known(cast.brun, record.patient_id) is None
        assert grounds.known(cast.amar, cast.leon_record.patient_id) is None
        assert asked_of_memberships(cast.brun, record)


def test_what_was_learned_ends_with_the_page(cast):
    record = cast.madeleine_record
    with rls.acting(cast.amar, read_only=True):
        open_record(cast.amar, record.pk)
    with rls.acting(cast.amar, read_only=True):
        assert grounds.known(cast.amar, record.patient_id) is None


def test_who_has_left_opens_nothing_and_learns_nothing(cast):
    record = cast.madeleine_record
    with walls_down():
        CareTeamParticipant.objects.filter(patient_id=record.patient_id).update(ended_at=timezone.now())
    with rls.acting(cast.amar, read_only=True):
        with pytest.raises(NotFound):
            open_record(cast.amar, record.pk)
        assert grounds.known(cast.amar, record.patient_id) is None
        assert not access.list(cast.amar, NOTE_READ, Note, patient_id=record.patient_id).exists()
