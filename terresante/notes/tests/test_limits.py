"""Who reads a note, as its author chooses it and changes it (MISSION C2, E8)."""

from itertools import pairwise

import pytest
from django.db import DatabaseError
from django.utils import timezone

from terresante.care_team import actions as team
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import level_of
from terresante.feed.actions import mark_visited
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes.actions import change_limits
from terresante.notes.models import Note, NoteVersion
from terresante.notes.tests.factories import published
from terresante.notes.tests.test_access import CIRCLE, doors, reads_note
from tests.walls import walls_down

pytestmark = pytest.mark.commits

LEVELS = (
    Confidentiality.MYSELF,
    Confidentiality.STRUCTURE,
    Confidentiality.CIRCLE,
    Confidentiality.CIRCLE_AND_PATIENT,
)


def change(actor, note, level):
    return change_limits(actor, note.record_id, note.pk, level=level)


def test_a_note_for_oneself_is_read_by_its_author_alone(cast):
    """Dr Brun, of the same profession, has patients and notes of his own."""
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.MYSELF)
    published(cast.brun, cast.leon_record, level=Confidentiality.MYSELF)

    assert {name for name, actor in cast.actors.items() if reads_note(actor, note)} == {"amar"}
    for name in ("ines", "colin", "madeleine", "brun"):
        assert doors(cast.actors[name], note) == (0, 0, 0, 0, 0, 0), name
    with rls.acting(cast.ines):
        rls.open_record(note.patient_id)
        assert Note.objects.count() == FeedItem.objects.count() == 0
        assert not AuditEntry.objects.filter(action="note.write").exists()


def test_its_author_widens_a_note_and_the_new_readers_find_it_unread(cast):
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.MYSELF)
    with rls.acting(cast.ines):
        open_record(cast.ines, note.record_id)
        mark_visited(cast.ines, note.patient_id)

    change(cast.amar, note, Confidentiality.CIRCLE_AND_PATIENT)

    assert {name for name, actor in cast.actors.items() if reads_note(actor, note)} == CIRCLE - {"samira"}
    assert doors(cast.ines, note) == (1, 1, 1, 1, 1, 1)
    with walls_down():
        event = OutboxEvent.objects.filter(kind="NotePublished").latest("created_at")
        assert event.payload["private_to_person_id"] is None
        assert Note.objects.get().limits_changed_at is not None


def test_narrowing_takes_effect_at_once_everywhere(cast):
    note = published(cast.amar, cast.madeleine_record)
    assert doors(cast.ines, note) == (1, 1, 1, 1, 1, 1)

    change(cast.amar, note, Confidentiality.MYSELF)

    for name in ("ines", "colin", "madeleine"):
        assert not reads_note(cast.actors[name], note)
        assert doors(cast.actors[name], note) == (0, 0, 0, 0, 0, 0), name
    assert reads_note(cast.amar, note)


def test_each_change_is_traced_with_what_was_chosen_before(cast):
    note = published(cast.amar, cast.madeleine_record)
    for level in (*LEVELS, Confidentiality.MYSELF, Confidentiality.CIRCLE):
        if level != level_of(note):
            note = change(cast.amar, note, level)
    with pytest.raises(Conflict):
        change(cast.amar, note, Confidentiality.CIRCLE)
    with walls_down():
        rows = AuditEntry.objects.filter(action="note.limit").order_by("at")
        steps = [(row.detail["from"], row.detail["to"]) for row in rows]
    assert steps[0] == ("shared", "myself") and steps[-1] == ("myself", "circle")
    assert all(before == after for (_, before), (after, _) in pairwise(steps))


@pytest.mark.parametrize("name", ["ines", "colin", "samira", "brun", "madeleine", "urgentiste"])
def test_nobody_but_its_author_changes_who_reads_a_note(cast, name):
    note = published(cast.amar, cast.madeleine_record, data_class=DataClass.COORDINATION)
    team.open_in_emergency(cast.urgentiste, note.patient_id, reason="Coma, antécédents inconnus")

    with pytest.raises((Refused, NotFound)):
        change(cast.actors[name], note, Confidentiality.MYSELF)
    with rls.acting(cast.actors[name]):
        rls.open_record(note.patient_id)
        assert Note.objects.filter(pk=note.pk).update(hidden_from_patient=True) == 0


def test_an_author_who_left_the_circle_changes_nothing_any_more(cast):
    note = published(cast.ines, cast.madeleine_record)
    with walls_down():
        ines = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    team.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk)

    with pytest.raises(NotFound):
        change(cast.ines, note, Confidentiality.MYSELF)


def test_an_author_rewrites_no_date_of_his_note_and_its_words_leave_a_version(cast):
    note = published(cast.amar, cast.madeleine_record)
    for column in ("written_at", "recorded_at"):
        with pytest.raises(DatabaseError, match="permission denied"), rls.acting(cast.amar):
            rls.open_record(note.patient_id)
            Note.objects.filter(pk=note.pk).update(**{column: timezone.now()})
    with rls.acting(cast.amar):
        rls.open_record(note.patient_id)
        Note.objects.filter(pk=note.pk).update(text="autre")
        assert [version.text for version in NoteVersion.objects.all()] == [note.text]


def test_the_restricted_level_is_for_who_works_in_a_sector(cast):
    with pytest.raises(Refused):
        published(cast.amar, cast.madeleine_record, level=Confidentiality.RESTRICTED)
