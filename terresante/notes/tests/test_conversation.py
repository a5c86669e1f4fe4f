"""Answers, corrections, stars and the search in what a record says (MISSION C1)."""

from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from terresante.care_team.enums import Confidentiality
from terresante.care_team.queries import open_record
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access, rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes import queries
from terresante.notes.access import NOTE_READ
from terresante.notes.actions import amend_note, publish_note, star_note
from terresante.notes.enums import NoteView
from terresante.notes.models import Note, NoteFavourite, NoteVersion
from terresante.notes.tests.factories import new_note, published
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def amend(actor, note, text, seen=None):
    return amend_note(actor, note.record_id, note.pk, text=text, seen=seen)


def star(actor, note, starred=True):
    return star_note(actor, note.record_id, note.pk, starred=starred)


def page(actor, record, **asked):
    with rls.acting(actor):
        opened = open_record(actor, record.pk, action=NOTE_READ)
        return queries.note_page(actor, opened.patient.pk, **asked)


def texts(actor, record, **asked):
    return [line.note.text for line in page(actor, record, **asked).lines]


def read(actor, note):
    with rls.acting(actor):
        open_record(actor, note.record_id)
        mark_objects_read(actor, note.patient_id, FeedKind.NOTE, [note.pk])


def versions(actor, note):
    with rls.acting(actor):
        rls.open_record(note.patient_id)
        return [version.text for version in access.list(actor, NOTE_READ, NoteVersion)]


class Radios(HTMLParser):
    def __init__(self):
        super().__init__()
        self.checked = {}

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "input" and said.get("type") == "radio" and "checked" in said:
            self.checked[said["name"]] = said["value"]


def checked(shown):
    """Of a page, the value of each group of radio buttons."""
    radios = Radios()
    radios.feed(shown)
    return radios.checked


def test_a_correction_keeps_what_was_said_and_is_unread_again(cast):
    note = published(cast.amar, cast.madeleine_record, "Furosémide 40")
    read(cast.ines, note)
    assert page(cast.ines, cast.madeleine_record).unread == 0

    amended = amend(cast.amar, note, "Furosémide 20")
    amend(cast.amar, note, "Furosémide 10", seen=amended.amended_at)

    line = page(cast.ines, cast.madeleine_record).lines[0]
    assert (line.note.text, line.is_unread, line.note.amended_at is not None) == ("Furosémide 10", True, True)
    with rls.acting(cast.ines):
        rls.open_record(note.patient_id)
        assert [(one.number, one.text) for one in queries.versions_of(cast.ines, note)] == [
            (2, "Furosémide 20"),
            (1, "Furosémide 40"),
        ]
    with walls_down():
        assert OutboxEvent.objects.filter(kind="NoteAmended", payload__object_id=str(note.pk)).count() == 2
        assert "Furosémide" not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))
        assert (
            list(AuditEntry.objects.filter(action="note.amend").values_list("object_id", "detail__changed"))
            == [(note.pk, True)] * 2
        )


def test_the_same_correction_sent_twice_is_one(cast):
    note = published(cast.amar, cast.madeleine_record, "Furosémide 40")

    amend(cast.amar, note, "Furosémide 20")
    amend(cast.amar, note, "Furosémide 20")

    assert versions(cast.amar, note) == ["Furosémide 40"]


def test_a_note_sent_again_by_a_phone_after_its_correction_is_still_the_same(cast):
    sent = new_note("Furosémide 40")
    note = publish_note(cast.amar, cast.madeleine_record.pk, note=sent)
    amend(cast.amar, note, "Furosémide 20")

    assert publish_note(cast.amar, cast.madeleine_record.pk, note=sent).text == "Furosémide 20"
    with pytest.raises(Conflict):
        publish_note(cast.amar, cast.madeleine_record.pk, note=new_note("Furosémide 20", id=note.pk))


def test_two_pages_open_on_one_note_do_not_overwrite_each_other(cast):
    note = published(cast.amar, cast.madeleine_record, "Furosémide 40")
    amend(cast.amar, note, "Furosémide 20")

    with pytest.raises(Conflict, match="corrigée entre-temps"):
        amend(cast.amar, note, "Furosémide 60")
    with pytest.raises(Invalid):
        amend(cast.amar, note, "  ")
    assert texts(cast.ines, cast.madeleine_record) == ["Furosémide 20"]


def test_nobody_corrects_the_note_of_another(cast):
    """Dr Brun, of the same profession, corrects his own patients' notes; Inès is in the circle."""
    note = published(cast.amar, cast.madeleine_record)
    amend(cast.brun, published(cast.brun, cast.leon_record), "Corrigée")

    with pytest.raises(NotFound):
        amend(cast.brun, note, "Autre")
    with pytest.raises((NotFound, Refused)):
        amend(cast.ines, note, "Autre")
    for actor in (cast.ines, cast.colin, cast.madeleine, cast.brun):
        with pytest.raises(DatabaseError), transaction.atomic(), rls.acting(actor):
            rls.open_record(note.patient_id)
            if not Note.objects.filter(pk=note.pk).update(text="Réécrite"):
                raise DatabaseError("no row in reach")
    with walls_down():
        assert Note.objects.get(pk=note.pk).text == "Essoufflée"
        assert NoteVersion.objects.count() == 1


def test_earlier_words_are_read_by_who_reads_the_note(cast):
    mine = published(cast.amar, cast.madeleine_record, "Pour moi", level=Confidentiality.MYSELF)
    amend(cast.amar, mine, "Pour moi seul")
    shared = published(cast.amar, cast.madeleine_record, "Pour tous")
    amend(cast.amar, shared, "Pour chacun")

    assert sorted(versions(cast.amar, mine)) == ["Pour moi", "Pour tous"]
    assert versions(cast.ines, shared) == ["Pour tous"]
    assert versions(cast.brun, shared) == []
    with rls.acting(cast.ines):
        rls.open_record(mine.patient_id)
        assert [one.text for one in NoteVersion.objects.all()] == ["Pour tous"]
        with pytest.raises(DatabaseError), transaction.atomic():
            NoteVersion.objects.filter(note=shared).update(text="Effacé")


def test_an_answer_stands_beside_what_it_answers_for_who_reads_both(cast):
    first = published(cast.amar, cast.madeleine_record, "Qui passe demain ?")
    answer = published(cast.ines, cast.madeleine_record, "Moi, à 9 h", in_reply_to_id=first.pk)
    apart = published(cast.amar, cast.madeleine_record, "Pour moi", level=Confidentiality.MYSELF)
    own = published(cast.amar, cast.madeleine_record, "Suite", in_reply_to_id=apart.pk)

    answered = {line.note.pk: line.answered for line in page(cast.colin, cast.madeleine_record).lines}
    assert (answered[answer.pk].pk, answered[own.pk]) == (first.pk, None)
    with rls.acting(cast.colin):
        rls.open_record(first.patient_id)
        assert [note.pk for note in queries.answers_to(cast.colin, first)] == [answer.pk]
    with walls_down():
        told = {
            row.payload["object_id"]: row.payload for row in OutboxEvent.objects.filter(kind="NotePublished")
        }
    assert told[str(answer.pk)]["answers_user_id"] == str(cast.amar.user_id)
    assert told[str(first.pk)]["answers_user_id"] is None


def test_nobody_answers_a_note_that_he_does_not_read(cast):
    unread = published(cast.amar, cast.madeleine_record, "Pour moi", level=Confidentiality.MYSELF)
    elsewhere = published(cast.brun, cast.leon_record, "De Léon")

    for key in (unread.pk, elsewhere.pk, new_id()):
        with pytest.raises(NotFound):
            published(cast.ines, cast.madeleine_record, "Réponse", in_reply_to_id=key)
        with pytest.raises(DatabaseError, match="no such note"), transaction.atomic(), rls.acting(cast.ines):
            rls.open_record(unread.patient_id)
            Note.objects.create(
                patient_id=unread.patient_id,
                record_id=unread.record_id,
                author_id=cast.ines.person_id,
                organization_id=cast.ines.organization_id,
                data_class="care",
                text="Réponse",
                written_at=unread.written_at,
                in_reply_to_id=key,
            )


def test_an_answer_begins_with_the_readers_of_what_it_answers(client, cast):
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.STRUCTURE)
    login(client, cast.ines)

    written = client.get(
        f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/?reponse={note.pk}"
    ).content.decode()
    for other in ("zzz", new_id()):
        asked = client.get(f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/?reponse={other}")
        assert "<h2>Nouvelle note" in asked.content.decode()

    assert "<h2>Réponse" in written and f'value="{note.pk}"' in written
    assert checked(written) == {"level": "structure", "data_class": "care"}


def test_a_star_is_for_oneself(cast):
    note = published(cast.amar, cast.madeleine_record, "À garder")
    published(cast.amar, cast.madeleine_record, "Ordinaire")

    star(cast.ines, note)
    star(cast.ines, note)

    assert texts(cast.ines, cast.madeleine_record, view=NoteView.FAVOURITES) == ["À garder"]
    assert [line.is_starred for line in page(cast.ines, cast.madeleine_record).lines] == [False, True]
    assert texts(cast.amar, cast.madeleine_record, view=NoteView.FAVOURITES) == []
    with rls.acting(cast.amar):
        assert NoteFavourite.objects.count() == 0
    star(cast.ines, note, starred=False)
    assert texts(cast.ines, cast.madeleine_record, view=NoteView.FAVOURITES) == []


def test_nobody_stars_what_he_does_not_read(cast):
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.MYSELF)
    star(cast.brun, published(cast.brun, cast.leon_record))

    for actor in (cast.ines, cast.brun):
        with pytest.raises(NotFound):
            star(actor, note)
        with pytest.raises(DatabaseError), transaction.atomic(), rls.acting(actor):
            rls.open_record(note.patient_id)
            NoteFavourite.objects.create(user_id=actor.user_id, patient_id=note.patient_id, note_id=note.pk)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("oedeme", {"Œdème des chevilles", "Les œdèmes reviennent"}),
        ("OEDÈMES", {"Œdème des chevilles", "Les œdèmes reviennent"}),
        ("cheville", {"Œdème des chevilles"}),
        ("oedème cheville", {"Œdème des chevilles"}),
        ("insul", {"Insuline : 12 unités le soir"}),
        ("unite", {"Insuline : 12 unités le soir"}),
        ("12", {"Insuline : 12 unités le soir"}),
        ("l’insuline", {"Insuline : 12 unités le soir"}),
        ("absent", set()),
        ("de la", set()),
        ("' & ! ( :* |", set()),
    ],
)
def test_words_are_found_whatever_their_accents_and_endings(cast, words, found):
    for text in ("Œdème des chevilles", "Les œdèmes reviennent", "Insuline : 12 unités le soir"):
        published(cast.amar, cast.madeleine_record, text)
    published(cast.amar, cast.madeleine_record, "Œdème, insuline", level=Confidentiality.MYSELF)
    published(cast.brun, cast.leon_record, "Œdème des chevilles de Léon, insuline 12 unités")

    assert set(texts(cast.ines, cast.madeleine_record, words=words)) == found


def test_what_is_found_is_shown_among_its_words_and_stays_unread(client, cast):
    published(cast.amar, cast.madeleine_record, f"{'Début. ' * 60}Œdèmes & douleurs. {'Fin. ' * 60}")
    login(client, cast.ines)

    shown = client.get(f"/dossiers/{cast.madeleine_record.pk}/notes/?q={quote('oedème')}").content.decode()

    assert "<mark>Œdèmes</mark> &amp; douleurs" in shown and "Lire la note entière" in shown
    assert page(cast.ines, cast.madeleine_record).unread == 1


def test_the_pages_of_one_note_correct_and_star_it(client, cast):
    note = published(cast.amar, cast.madeleine_record, "Furosémide 40")
    address = f"/dossiers/{note.record_id}/notes/{note.pk}/"
    login(client, cast.amar)

    shown = client.get(f"{address}corriger/").content.decode()
    assert "Furosémide 40" in shown
    assert client.post(f"{address}corriger/", {"text": "", "seen": ""}).status_code == 422
    assert client.post(f"{address}corriger/", {"text": "Furosémide 20", "seen": ""}).status_code == 302
    assert client.post(f"{address}corriger/", {"text": "Furosémide 10", "seen": ""}).status_code == 422
    assert client.post(f"{address}corriger/", {"text": "x", "seen": "hier"}).status_code == 422
    assert client.post(f"{address}favori/", {"starred": "1"}).status_code == 302
    fragment = client.post(f"{address}favori/", {"starred": "0"}, headers={"HX-Request": "true"})
    assert 'aria-pressed="false"' in fragment.content.decode()

    one = client.get(address).content.decode()
    assert "Furosémide 20" in one and "Ce que disait la note" in one and "Furosémide 40" in one
    login(client, cast.brun)
    assert (
        client.get(f"{address}corriger/").status_code == client.post(f"{address}favori/").status_code == 404
    )


def test_a_page_of_answers_asks_for_what_they_answer_once(client, cast):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/dossiers/{cast.madeleine_record.pk}/notes/").status_code == 200
        return len(captured)

    first = published(cast.amar, cast.madeleine_record, "Première")
    published(cast.amar, cast.madeleine_record, "Réponse", in_reply_to_id=first.pk)
    login(client, cast.ines)
    asked()
    few = asked()
    for number in range(8):
        published(cast.amar, cast.madeleine_record, f"Réponse {number}", in_reply_to_id=first.pk)
    asked()

    assert asked() == few


def test_a_note_that_is_found_whole_leads_nowhere_else_to_be_read(client, cast):
    published(cast.amar, cast.madeleine_record, "« Œdèmes » des jambes & douleurs.")
    login(client, cast.ines)

    shown = client.get(f"/dossiers/{cast.madeleine_record.pk}/notes/?q={quote('douleur')}").content.decode()

    assert "« Œdèmes » des jambes &amp; <mark>douleurs</mark>.</p>" in shown
    assert "Lire la note entière" not in shown
