"""A note that its device kept without network: sent under its id, as often as it takes, dated when it was written."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.care_team import actions as team
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.notes.kept import kept_for
from terresante.notes.models import Note
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
KEY = "/notes-gardees/cle/"


def url(record):
    return f"/dossiers/{record.pk}/notes/gardee/"


def sent(**said):
    return {"id": str(new_id()), "text": "Pansement refait.", "data_class": "care", "level": "circle", **said}


@pytest.fixture
def nurse(client, cast):
    login(client, cast.ines)
    return client


def test_it_is_stored_once_however_often_it_is_sent_and_dated_when_it_was_written(nurse, cast):
    at = timezone.now() - timedelta(hours=3)
    note = sent(authored=at.isoformat())
    for _ in range(3):
        answer = nurse.post(url(cast.madeleine_record), note)
        assert answer.status_code == 200
        assert answer.json() == {"url": f"/dossiers/{cast.madeleine_record.pk}/notes/"}

    with walls_down():
        kept = Note.objects.get(pk=note["id"])
        assert (kept.written_at, kept.text) == (at, "Pansement refait.")
        assert AuditEntry.objects.filter(action="note.write", object_id=kept.pk).count() == 3
    assert "Pansement refait." in nurse.get(answer.json()["url"]).content.decode()


@pytest.mark.parametrize(
    "said", ["", "hier", "2026-11-20T10:00:00", "2199-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"]
)
def test_a_moment_that_cannot_be_is_now(nurse, cast, said):
    before = timezone.now()
    note = sent(authored=said)

    assert nurse.post(url(cast.madeleine_record), note).status_code == 200
    with walls_down():
        assert Note.objects.get(pk=note["id"]).written_at >= before


def test_a_note_that_came_late_says_when_it_was_received(nurse, cast):
    """Who reads it would else take it for told on the day that its author gives."""
    record = cast.madeleine_record
    late, now = sent(authored=(timezone.now() - timedelta(days=20)).isoformat()), sent()
    for note in (late, now):
        assert nurse.post(url(record), note).status_code == 200
    cards = nurse.get(f"/dossiers/{record.pk}/notes/").content.decode()
    alone = {
        n["id"]: nurse.get(f"/dossiers/{record.pk}/notes/{n['id']}/").content.decode() for n in (late, now)
    }

    assert cards.count("reçue <time") == 1
    assert [page.count("reçue <time") for page in alone.values()] == [1, 0]


def test_only_the_page_that_wrote_it_is_told_who_reads_it(nurse, cast):
    nurse.post(url(cast.madeleine_record), sent(later="1"))
    assert "Note enregistrée" not in nurse.get("/").content.decode()
    nurse.post(url(cast.madeleine_record), sent())
    assert "Note enregistrée" in nurse.get("/").content.decode()


def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_written(nurse, cast):
    for wrong, status in ((sent(text=" "), 422), (sent(level="partout"), 422), (sent(id="x"), 422)):
        answer = nurse.post(url(cast.madeleine_record), wrong)
        assert answer.status_code == status and answer.json()["sentence"], wrong
    note = sent()
    nurse.post(url(cast.madeleine_record), note)
    answer = nurse.post(url(cast.madeleine_record), {**note, "text": "Autre chose."})
    assert answer.status_code == 409 and "pas pu être enregistrée" in answer.json()["sentence"]
    with walls_down():
        assert Note.objects.count() == 1


def test_its_door_is_that_of_who_writes_in_the_record(client, cast):
    for name, status in (("brun", 404), ("jules", 404), ("madeleine", 403)):
        login(client, cast.actors[name])
        assert client.post(url(cast.madeleine_record), sent()).status_code == status, name
    login(client, cast.ines)
    assert client.get(url(cast.madeleine_record)).status_code == 405
    with walls_down():
        member = CareTeamParticipant.objects.get(
            patient_id=cast.madeleine_record.patient_id, practitioner_id=cast.ines.person_id
        )
    team.remove_member(cast.amar, cast.madeleine_record.pk, member.pk)
    assert client.post(url(cast.madeleine_record), sent()).status_code == 404
    with walls_down():
        assert not Note.objects.exists()
    client.logout()
    left = client.post(url(cast.madeleine_record), sent(), headers={"HX-Request": "true"})
    assert left.status_code == 401


def test_the_key_is_that_of_its_account_always_the_same_and_nobody_else_s(client, cast):
    keys = {}
    for name in ("ines", "amar", "jules"):
        login(client, cast.actors[name])
        first, again = client.get(KEY).json(), client.get(KEY).json()
        assert first == again
        keys[name] = first
        page = client.get(f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/").content.decode()
        assert (first["key"] in page) == (name != "jules")
    assert len({one["key"] for one in keys.values()}) == len({one["account"] for one in keys.values()}) == 3
    elsewhere = replace(cast.ines, organization_id=cast.samira.organization_id)
    assert not set(kept_for(elsewhere).values()) & set(keys["ines"].values())
    assert not any(str(cast.ines.user_id) in value for value in keys["ines"].values())
    client.logout()
    assert client.get(KEY, headers={"HX-Request": "true"}).status_code == 401
