"""A message said aloud with a note: heard by who reads it, never instead of its words."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from simulators.region.pictures import message
from terresante.care_team.enums import Confidentiality
from terresante.kernel.ids import new_id
from terresante.kernel.models import StoredFile
from terresante.kernel.tests.test_pictures import camera_jpeg
from terresante.kernel.tests.test_sounds import ogg
from terresante.notes.models import Note, NoteMedia
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def url(record, rest=""):
    return f"/dossiers/{record.pk}/notes/{rest}"


def sent(content: bytes, **changes):
    voice = SimpleUploadedFile("message.webm", content)
    text = {"text": "Sa respiration ce soir", "data_class": "care", "level": "shared"}
    return {"id": str(new_id()), "voice": voice, **text, **changes}


@pytest.fixture
def voice(client, cast):
    login(client, cast.amar)
    client.post(
        url(cast.madeleine_record, "nouvelle/"),
        sent(message(), photos=[SimpleUploadedFile("a.jpg", camera_jpeg())]),
    )
    with walls_down():
        return NoteMedia.objects.get(kind="voice")


def content_of(cast, voice):
    return url(cast.madeleine_record, f"{voice.note_id}/photos/{voice.pk}/contenu/")


def test_a_message_goes_with_its_note_and_is_played_in_the_page(client, cast, voice):
    assert (voice.seconds, voice.media_type, voice.number) == (4, "audio/webm", 2)
    login(client, cast.ines)
    for page in (url(cast.madeleine_record), url(cast.madeleine_record, f"{voice.note_id}/")):
        shown = client.get(page).content.decode()
        assert '<audio class="note-voice" controls preload="none" aria-label="Message vocal, 4 s"' in shown
        assert content_of(cast, voice) in shown
    answer = client.get(content_of(cast, voice))
    assert b"".join(answer.streaming_content) == message() and answer.headers["Accept-Ranges"] == "bytes"
    assert (
        "media-src 'self' blob:" in client.get(url(cast.madeleine_record)).headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-", 0, None),
        ("bytes=100-199", 100, 200),
        ("bytes=-50", -50, None),
        ("bytes=7000-999999", 7000, None),
    ],
)
def test_a_player_reads_the_stretch_it_asks_for(client, cast, voice, asked, start, stop):
    answer = client.get(content_of(cast, voice), headers={"Range": asked})
    content = b"".join(answer.streaming_content)
    assert answer.status_code == 206 and content == message()[start:stop]
    first = start % len(message())
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(content) - 1}/{len(message())}"
    assert answer.headers["Content-Length"] == str(len(content)) and "sandbox" in str(answer.headers)


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=50-20", "bytes=-0"])
def test_a_stretch_that_is_not_there_is_refused(client, cast, voice, asked):
    answer = client.get(content_of(cast, voice), headers={"Range": asked})
    assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{len(message())}"


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b"])
def test_what_is_no_single_range_gives_the_whole(client, cast, voice, asked):
    assert client.get(content_of(cast, voice), headers={"Range": asked}).status_code == 200


def test_who_does_not_read_the_note_hears_nothing_not_even_a_stretch(client, cast):
    login(client, cast.amar)
    client.post(url(cast.madeleine_record, "nouvelle/"), sent(message(), level=Confidentiality.MYSELF.value))
    with walls_down():
        voice = NoteMedia.objects.get()
    for name in ("ines", "brun", "madeleine"):
        login(client, cast.actors[name])
        for asked in ({}, {"Range": "bytes=0-1"}):
            assert client.get(content_of(cast, voice), headers=asked).status_code == 404, name


def test_words_stay_required_beside_a_message(client, cast):
    login(client, cast.amar)
    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(message(), text=" "))
    assert answer.status_code == 422 and "Écrivez la note" in answer.content.decode()
    with walls_down():
        assert not Note.objects.exists()


@pytest.mark.parametrize(("content", "said"), [(b"MZ", "pas un enregistrement"), (ogg(301), "cinq minutes")])
def test_what_is_no_message_is_refused_and_the_note_is_not_published(client, cast, content, said):
    login(client, cast.amar)
    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(content))
    assert answer.status_code == 422 and said in answer.content.decode()
    with walls_down():
        assert not Note.objects.exists() and not StoredFile.objects.exists()


def test_its_author_withdraws_a_message(client, cast, voice):
    address = url(cast.madeleine_record, f"{voice.note_id}/photos/{voice.pk}/retirer/")
    assert "ce message vocal" in client.get(address).content.decode()
    page = client.post(address, follow=True).content.decode()
    assert "Message vocal retiré" in page
    assert client.get(content_of(cast, voice), headers={"Range": "bytes=0-1"}).status_code == 403
