from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.feed.models import FeedItem
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes.actions import publish_note
from terresante.notes.enums import NOTE_MAX_LENGTH
from terresante.notes.models import Note
from terresante.notes.tests.factories import ago, new_note, published
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def conflict(actor, record, note):
    with pytest.raises(Conflict) as raised:
        publish_note(actor, record.pk, note=note)
    return raised.value.sentence


def test_a_note_is_stored_told_audited_and_announced(cast):
    note = published(cast.ines, cast.madeleine_record, "  Chevilles gonflées\r\nOdile prévenue ")

    with walls_down():
        stored = Note.objects.get()
        assert (stored.pk, stored.text) == (note.pk, "Chevilles gonflées\nOdile prévenue")
        assert (stored.author_name, stored.organization_name) == (cast.ines.name, "Cabinet des Lilas")
        fact = FeedItem.objects.get()
        assert (fact.object_id, fact.data_class, fact.author_id) == (note.pk, "care", cast.ines.user_id)
        event = OutboxEvent.objects.get(kind="NotePublished")
        assert event.payload["object_id"] == str(note.pk) and "Chevilles" not in str(event.payload)
        row = AuditEntry.objects.get(action="note.write")
        assert (row.object_id, row.detail) == (note.pk, {"class": "care"})


def test_the_same_note_sent_twice_is_stored_once_and_answered_alike(cast):
    sent = new_note(written_at=ago(hours=3))

    first = publish_note(cast.ines, cast.madeleine_record.pk, note=sent)
    second = publish_note(cast.ines, cast.madeleine_record.pk, note=sent)

    assert first.pk == second.pk
    with walls_down():
        assert Note.objects.count() == FeedItem.objects.count() == 1
        assert OutboxEvent.objects.filter(kind="NotePublished").count() == 1
        assert AuditEntry.objects.filter(action="note.write").count() == 2


def test_an_id_that_names_anything_else_gets_one_neutral_conflict(cast):
    note_id = new_id()
    published(cast.ines, cast.madeleine_record, "Première", id=note_id)
    elsewhere = new_id()
    published(cast.brun, cast.leon_record, "Celle de Léon", id=elsewhere)

    sentences = {
        conflict(cast.ines, cast.madeleine_record, new_note("Autre texte", id=note_id)),
        conflict(
            cast.ines, cast.madeleine_record, new_note("Première", id=note_id, level=Confidentiality.CIRCLE)
        ),
        conflict(cast.amar, cast.madeleine_record, new_note("Première", id=note_id)),
        conflict(cast.ines, cast.madeleine_record, new_note("Celle de Léon", id=elsewhere)),
    }

    assert len(sentences) == 1
    with walls_down():
        assert set(Note.objects.values_list("text", flat=True)) == {"Première", "Celle de Léon"}
        assert not AuditEntry.objects.filter(
            patient_id=cast.leon_record.patient_id, user_id=cast.ines.user_id
        )


def test_a_time_is_part_of_what_a_client_sent(cast):
    note_id = new_id()
    publish_note(cast.ines, cast.madeleine_record.pk, note=new_note(id=note_id, written_at=ago(hours=3)))

    conflict(cast.ines, cast.madeleine_record, new_note(id=note_id, written_at=ago(hours=2)))


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (NOTE_MAX_LENGTH + 1), "é" * 1_000_000, "a\x00b"])
def test_a_text_that_cannot_be_kept_is_refused_with_a_sentence(cast, text):
    with pytest.raises(Invalid) as raised:
        publish_note(cast.ines, cast.madeleine_record.pk, note=new_note(text))

    assert raised.value.fields["text"].endswith(".")
    with walls_down():
        assert not Note.objects.exists() and not FeedItem.objects.exists()


def test_the_longest_note_is_kept_whole(cast):
    assert len(published(cast.ines, cast.madeleine_record, "é" * NOTE_MAX_LENGTH).text) == NOTE_MAX_LENGTH


@pytest.mark.parametrize("away", [timedelta(days=-31), timedelta(minutes=6)])
def test_a_time_too_far_away_is_refused(cast, away):
    with pytest.raises(Invalid):
        publish_note(cast.ines, cast.madeleine_record.pk, note=new_note(written_at=timezone.now() + away))


def test_a_clock_a_little_fast_does_not_date_a_note_in_the_future(cast):
    sent = new_note(written_at=timezone.now() + timedelta(minutes=4))

    note = publish_note(cast.ines, cast.madeleine_record.pk, note=sent)

    assert note.written_at <= timezone.now()
    assert publish_note(cast.ines, cast.madeleine_record.pk, note=sent).pk == note.pk


def test_a_stay_is_not_a_note(cast):
    with pytest.raises(Exception, match="profession"):
        publish_note(cast.amar, cast.madeleine_record.pk, note=new_note(data_class=DataClass.STAY))
