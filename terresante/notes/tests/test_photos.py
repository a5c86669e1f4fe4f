"""Photographs joined to a note: made small, told nothing of, read by who reads the note and nobody else."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from simulators.clamd.daemon import EICAR, running
from terresante.care_team import actions as circle
from terresante.care_team.enums import Confidentiality
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import ports
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, StoredFile
from terresante.kernel.tests.test_pictures import SECRETS, camera_jpeg, camera_png
from terresante.kernel.ui.wording import french
from terresante.notes.actions import change_limits, publish_note, withdraw_media
from terresante.notes.models import Note, NoteMedia
from terresante.notes.tests.factories import joined_photo, new_note, with_photos
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
PNG = b"\x89PNG"
VIEWS = ("", "petite/", "contenu/", "telecharger/")


def url(record, rest=""):
    return f"/dossiers/{record.pk}/notes/{rest}"


def of(photo, rest=""):
    return f"{photo.note_id}/photos/{photo.pk}/{rest}"


def sent(*photos, **changes):
    return {
        "id": str(new_id()),
        "data_class": "care",
        "level": "shared",
        "text": "Escarre du talon gauche",
        "photos": [
            SimpleUploadedFile(f"IMG_{n}.{'png' if content[:4] == PNG else 'jpg'}", content)
            for n, content in enumerate(photos)
        ],
        **changes,
    }


def opened_by(client, actor, record, photo, views=VIEWS):
    login(client, actor)
    return {client.get(url(record, of(photo, view))).status_code for view in views}


def test_who_does_not_read_the_note_reaches_no_photograph_of_it(client, cast):
    """Dr Brun is a doctor too, with his own patients: under their records he finds nothing either."""
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]

    assert opened_by(client, cast.brun, cast.madeleine_record, photo) == {404}
    assert opened_by(client, cast.brun, cast.leon_record, photo) == {404}
    assert opened_by(client, cast.ines, cast.madeleine_record, photo) == {200}
    assert opened_by(client, cast.madeleine, cast.madeleine_record, photo, VIEWS[1:]) == {200}


# Restricted care is of a sector: the oracle asks it.
LEVELS = [level for level in Confidentiality if level != Confidentiality.RESTRICTED]


@pytest.mark.parametrize("level", LEVELS)
def test_a_photograph_is_opened_by_exactly_those_who_open_its_note(client, cast, level):
    photo = with_photos(cast.amar, cast.madeleine_record, level=level).media.all()[0]
    for name in ("amar", "ines", "colin", "madeleine", "brun"):
        login(client, cast.actors[name])
        note = client.get(url(cast.madeleine_record, f"{photo.note_id}/")).status_code
        for view in VIEWS:
            got = client.get(url(cast.madeleine_record, of(photo, view))).status_code
            assert got == note, (name, view)


def test_who_left_the_circle_opens_no_photograph_any_more(client, cast):
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]
    assert opened_by(client, cast.ines, cast.madeleine_record, photo) == {200}
    with walls_down():
        member = CareTeamParticipant.objects.get(
            record=cast.madeleine_record, practitioner_id=cast.ines.person_id
        )
    circle.remove_member(cast.amar, cast.madeleine_record.pk, member.pk, reason="left")

    assert opened_by(client, cast.ines, cast.madeleine_record, photo) == {404}


def test_a_note_that_fewer_read_takes_its_photographs_with_it(client, cast):
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]

    change_limits(cast.amar, cast.madeleine_record.pk, photo.note_id, level=Confidentiality.MYSELF)

    assert opened_by(client, cast.ines, cast.madeleine_record, photo) == {404}
    assert opened_by(client, cast.madeleine, cast.madeleine_record, photo) == {404}
    assert opened_by(client, cast.amar, cast.madeleine_record, photo) == {200}


def test_a_photograph_does_not_open_under_another_note(client, cast):
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]
    other = with_photos(cast.amar, cast.madeleine_record, "Autre", seed=2)
    login(client, cast.amar)

    for view in VIEWS:
        assert (
            client.get(url(cast.madeleine_record, f"{other.pk}/photos/{photo.pk}/{view}")).status_code == 404
        )


def test_what_is_kept_and_given_tells_neither_where_nor_when_nor_with_what(client, cast):
    login(client, cast.amar)

    page = client.post(
        url(cast.madeleine_record, "nouvelle/"), sent(camera_jpeg(6, (3000, 1500)), camera_png()), follow=True
    ).content.decode()

    with walls_down():
        photos = list(NoteMedia.objects.order_by("number"))
    assert len(photos) == 2 and (photos[0].width, photos[0].height) == (1024, 2048)
    for photo in photos:
        assert of(photo, "petite/") in page
        for view in VIEWS[1:]:
            answer = client.get(url(cast.madeleine_record, of(photo, view)))
            content = b"".join(answer.streaming_content)
            assert not [secret for secret in SECRETS if secret in content]
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert "IMG_" not in answer.headers["Content-Disposition"]
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            with Image.open(io.BytesIO(content)) as picture:
                assert not picture.getexif()


def test_each_photograph_has_its_words_and_one_sentence_goes_for_all_without_javascript(client, cast):
    login(client, cast.amar)
    address = url(cast.madeleine_record, "nouvelle/")
    client.post(address, sent(camera_jpeg(), camera_png(), alt=["Talon <gauche>", "Talon droit"]))
    client.post(address, sent(camera_jpeg(3), camera_jpeg(8), alt="Les deux talons", text="Suite"))
    client.post(address, sent(camera_jpeg(2), text="Sans mot"))

    with walls_down():
        words = [
            [one.alt for one in note.media.order_by("number")] for note in Note.objects.order_by("written_at")
        ]
    assert words == [["Talon <gauche>", "Talon droit"], ["Les deux talons"] * 2, [""]]
    page = client.get(url(cast.madeleine_record)).content.decode()
    assert 'alt="Talon &lt;gauche&gt;"' in page and 'alt="Photo 1, sans description"' in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4\n%%EOF", "nom finit par"),
        (b"\xff\xd8\xff\xda", "abîmée"),
        (camera_jpeg()[:400], "abîmée"),
        (b"\x00\x00\x00\x18ftypheic", "HEIC"),
        (b"", "vide"),
    ],
)
def test_one_photograph_that_is_refused_keeps_the_note_from_being_published_without_it(
    client, cast, content, said
):
    login(client, cast.amar)

    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(camera_jpeg(), content))

    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and french("« IMG_1.jpg »") in page
    assert "Escarre du talon gauche" in page and "Joignez de nouveau les photos" in page
    with walls_down():
        assert not Note.objects.exists() and not NoteMedia.objects.exists()
        assert not StoredFile.objects.filter(kept_at__isnull=False).exists()


def test_more_than_eight_photographs_are_refused_and_nothing_is_put_away(client, cast):
    login(client, cast.amar)
    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(*[camera_jpeg()] * 9))
    assert answer.status_code == 422 and "8 photos au plus" in answer.content.decode()
    with walls_down():
        assert not StoredFile.objects.exists()
    with pytest.raises(Invalid, match="trop de photos"):
        with_photos(cast.amar, cast.madeleine_record, number=9)


def test_nothing_is_put_away_for_who_may_not_write_or_for_a_form_to_be_shown_again(client, cast):
    for name, changes, status in (
        ("brun", {}, 404),
        ("madeleine", {}, 403),
        ("amar", {"data_class": "x"}, 422),
        ("amar", {"recompute": "1"}, 200),
    ):
        login(client, cast.actors[name])
        answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(camera_jpeg(), **changes))
        assert answer.status_code == status, name
    with walls_down():
        assert not StoredFile.objects.exists() and not Note.objects.exists()


def test_an_infected_photograph_is_refused_and_traced(client, cast):
    login(client, cast.amar)
    with running() as address:
        ports.bound.antivirus = Clamd(address)
        try:
            answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(camera_jpeg() + EICAR))
        finally:
            ports.bound.antivirus = None
    assert answer.status_code == 422 and "malveillant" in answer.content.decode()
    with walls_down():
        assert AuditEntry.objects.filter(action="note.write", outcome="refused").count() == 1
        assert not StoredFile.objects.exists()


def test_the_same_note_with_the_same_photographs_is_stored_once(cast):
    key, record = new_id(), cast.madeleine_record
    first = publish_note(cast.amar, record.pk, note=new_note(id=key, media=(joined_photo(cast.amar),)))

    again = publish_note(cast.amar, record.pk, note=new_note(id=key, media=(joined_photo(cast.amar),)))

    with walls_down():
        assert again.pk == first.pk and NoteMedia.objects.count() == 1
        assert StoredFile.objects.filter(kept_at__isnull=False).count() == 2
    for other in ((), (joined_photo(cast.amar, seed=2),), (joined_photo(cast.amar, alt="autre"),)):
        with pytest.raises(Conflict):
            publish_note(cast.amar, record.pk, note=new_note(id=key, media=other))


def test_its_author_withdraws_a_photograph_and_nobody_opens_it_any_more(client, cast):
    note = with_photos(cast.amar, cast.madeleine_record, number=2)
    photo, other = note.media.all()
    login(client, cast.amar)
    assert "Retirer" in client.get(url(cast.madeleine_record, f"{note.pk}/corriger/")).content.decode()
    assert client.get(url(cast.madeleine_record, of(photo, "retirer/"))).status_code == 200

    page = client.post(url(cast.madeleine_record, of(photo, "retirer/")), follow=True).content.decode()

    assert french("Photo retirée : plus personne ne l’ouvre.") in page and "retirée par son auteur" in page
    for name in ("amar", "ines"):
        assert opened_by(client, cast.actors[name], cast.madeleine_record, photo) == {403}, name
    assert opened_by(client, cast.ines, cast.madeleine_record, other) == {200}
    login(client, cast.amar)
    assert client.post(url(cast.madeleine_record, of(photo, "retirer/"))).status_code == 409
    with walls_down():
        lines = AuditEntry.objects.filter(action="note.media.withdraw", outcome="done")
        assert [line.detail["number"] for line in lines if line.detail] == [1]
        assert StoredFile.objects.filter(pk=photo.file_id).exists()


def test_nobody_but_its_author_withdraws_a_photograph(client, cast):
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]
    for name, status in (("ines", 403), ("brun", 404), ("madeleine", 403)):
        login(client, cast.actors[name])
        assert client.post(url(cast.madeleine_record, of(photo, "retirer/"))).status_code == status, name
    with walls_down():
        assert NoteMedia.objects.get().withdrawn_at is None
    withdraw_media(cast.amar, cast.madeleine_record.pk, photo.note_id, photo.pk)


def test_opening_and_downloading_leave_a_line_each(client, cast):
    photo = with_photos(cast.amar, cast.madeleine_record).media.all()[0]
    opened_by(client, cast.ines, cast.madeleine_record, photo)
    with walls_down():
        lines = AuditEntry.objects.filter(user_id=cast.ines.user_id, object_id=photo.note_id)
        assert sorted(lines.values_list("action", flat=True)) == [
            "note.media.download",
            "note.media.open",
            "note.media.open",
            "note.read",
        ]


def test_the_person_sees_the_photographs_of_the_notes_shown_to_her(client, cast):
    shown = with_photos(
        cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT
    ).media.all()[0]
    hidden = with_photos(
        cast.amar, cast.madeleine_record, "Pour le cercle", seed=2, level=Confidentiality.CIRCLE
    )
    login(client, cast.madeleine)

    page = client.get("/mon-dossier/notes/").content.decode()

    address = f"/mon-dossier/notes/{shown.note_id}/photos/{shown.pk}/"
    assert address in page and str(hidden.media.all()[0].pk) not in page
    assert client.get(address).status_code == 200
    photo = hidden.media.all()[0]
    assert client.get(f"/mon-dossier/notes/{photo.note_id}/photos/{photo.pk}/").status_code == 404
    login(client, cast.amar)
    assert client.get(address).status_code == 403


def test_a_page_asks_as_much_for_many_photographs_as_for_one(client, cast):
    login(client, cast.amar)
    with_photos(cast.amar, cast.madeleine_record)
    client.get(url(cast.madeleine_record))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(url(cast.madeleine_record))
    for number in range(6):
        with_photos(cast.amar, cast.madeleine_record, f"Note {number}", number=3)
    with CaptureQueriesContext(connection) as many:
        client.get(url(cast.madeleine_record))
    assert len(many) == len(one)
