"""What comes to a browser: pages, the search, what is downloaded to be printed. Asked of one person a world."""

from collections.abc import Iterator
from http import HTTPStatus
from io import BytesIO
from random import Random
from zipfile import ZipFile

from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from terresante.health_record.access import MODELS
from terresante.kernel import ports
from terresante.notes.models import NoteMedia
from terresante.overview.fhir import urn
from tests.access.oracle import model
from tests.access.oracle.build import Built, born, called, marker
from tests.access.oracle.decisions import Compared, Door, each, one
from tests.access.oracle.model import Reader
from tests.access.oracle.rows import ROWS
from tests.walls import walls_down

_PEOPLE = 1
_PAGES = (
    "notes:list",
    "documents:list",
    "health_record:summary",
    "results:list",
    "results:examinations",
    "stays:list",
    "overview:record",
    "overview:timeline",
    "overview:emergency_sheet",
)
_PHOTO = ("notes:photo", "notes:photo_small", "notes:media_content", "notes:photo_download")
_DOCUMENT = "documents.DocumentReference"
_HEALTH = [model._meta.label for model in MODELS]
_OUTSIDE = "Hors de vos cercles"


def screens(built: Built, chance: Random) -> Iterator[Compared]:
    people = [reader for reader, actor in built.actors.items() if actor and reader in built.users]
    # Whoever reaches several patients shows the most; whoever reaches nobody comes too.
    weights = [1 + 3 * len(_reached(built, reader)) for reader in people]
    for reader in chance.choices(people, weights, k=_PEOPLE):
        client = browser(built, reader)
        if reader.kind == "representative" and not _reached(built, reader):
            # He is somebody else's relative, or nobody's: this person's pages are closed to him.
            yield from _closed(built, client, reader)
            continue
        yield from _my_patients(built, client, reader)
        for patient in range(built.world.patients):
            yield from _pages(built, client, reader, patient)
            yield from _download(built, client, reader, patient)
            yield from _copy(built, client, reader, patient)
            yield from _search(built, client, reader, patient)
        yield from _one_note(built, client, reader, chance)
        yield from _one_document(built, client, reader, chance)
        if reader.kind in ("patient", "representative"):
            yield from _in_portal(built, client, reader)


def _reached(built: Built, reader: Reader) -> set[int]:
    return {n for n in range(built.world.patients) if model.basis(built.world, reader, n)}


def browser(built: Built, reader: Reader) -> Client:
    user, situation = built.users[reader]
    client = Client()
    client.force_login(user)
    session = client.session
    if situation:
        session[ports.SITUATION_KEY] = situation
    if reader.kind == "representative":
        session[ports.ACTING_FOR_KEY] = str(built.related[reader.who or 0, reader.patient or 0].pk)
    session.save()
    return client


def _closed(built: Built, client: Client, reader: Reader) -> Iterator[Compared]:
    answer = client.get(_url(built, "notes:list", reader.patient or 0))
    is_closed = answer.status_code in (HTTPStatus.FOUND, HTTPStatus.NOT_FOUND)
    yield one(Door.PAGE, is_closed, True, f"{reader} is kept from somebody he no longer acts for")


def _in_portal(built: Built, client: Client, reader: Reader) -> Iterator[Compared]:
    """The pages of a patient, and of a relative for the person he asked to act for."""
    patient = (reader.who if reader.kind == "patient" else reader.patient) or 0
    rows = [row for row in model.rows(built.world) if row.patient == patient]
    may = {row.row for row in rows if model.reads(built.world, reader, row)}
    text = client.get(reverse("portal:notes")).content.decode()
    shown = {row.row for row in rows if any(marker(row.row, label) in text for label in ROWS)}
    notes = {row.row for row in rows if ("notes.Note", row.row) in built.rows} & may
    yield each(Door.PAGE, shown, shown & may | notes, len(rows), f"{reader} in the portal")
    for view in ("portal:health", "portal:results", "portal:emergency_sheet"):
        text = client.get(reverse(view)).content.decode()
        shown = {row.row for row in rows if any(marker(row.row, label) in text for label in ROWS)}
        yield each(Door.PAGE, shown, shown & may, len(rows), f"{reader} in {view}")
    text = client.get(reverse("portal:documents")).content.decode()
    shown = {row.row for row in rows if any(marker(row.row, label) in text for label in ROWS)}
    documents = {row.row for row in rows if (_DOCUMENT, row.row) in built.rows} & may
    yield each(Door.PAGE, shown, documents, len(rows), f"{reader} among the documents of the portal")


def _pages(built: Built, client: Client, reader: Reader, patient: int) -> Iterator[Compared]:
    """The word of each row, or not."""
    rows = [row for row in model.rows(built.world) if row.patient == patient]
    may = {row.row for row in rows if model.reads(built.world, reader, row)}
    notes = {row.row for row in rows if ("notes.Note", row.row) in built.rows} & may
    documents = {row.row for row in rows if (_DOCUMENT, row.row) in built.rows} & may
    closed = model.basis(built.world, reader, patient) == ""
    for view in _PAGES:
        answer, said = client.get(_url(built, view, patient)), f"{reader} in {view} of patient {patient}"
        text = answer.content.decode()
        shown = {row.row for row in rows if any(marker(row.row, label) in text for label in ROWS)}
        yield one(Door.PAGE, answer.status_code == HTTPStatus.NOT_FOUND, closed, f"{said}: not found")
        # The lists of notes and of documents show each; the others choose what they show among what may be read.
        whole = {"notes:list": notes, "documents:list": documents}.get(view, shown & may)
        expected = whole if answer.status_code == HTTPStatus.OK else shown & may
        yield each(Door.PAGE, shown, expected, len(rows), said)


def _one_note(built: Built, client: Client, reader: Reader, chance: Random) -> Iterator[Compared]:
    """The address of a note and of its photograph, in its own record and in another that this reader may well read."""
    with walls_down():
        photos = dict(NoteMedia.objects.values_list("note_id", "pk"))
    notes = [row for row in model.rows(built.world) if ("notes.Note", row.row) in built.rows]
    readable = [row for row in notes if model.reads(built.world, reader, row)]
    for row in [*chance.sample(readable, min(1, len(readable))), *chance.sample(notes, min(1, len(notes)))]:
        others = _reached(built, reader) - {row.patient} or {chance.randrange(built.world.patients)}
        for patient in {row.patient, chance.choice(sorted(others))}:
            record, note = built.records[patient].pk, built.rows["notes.Note", row.row]
            got = client.get(reverse("notes:one", args=[record, note])).status_code == HTTPStatus.OK
            expected = patient == row.patient and model.reads(built.world, reader, row)
            yield one(Door.PAGE, got, expected, f"{reader} reads note {row.row} under patient {patient}")
            for view in _PHOTO:
                got = (
                    client.get(reverse(view, args=[record, note, photos[note]])).status_code == HTTPStatus.OK
                )
                said = f"{reader} at {view} of note {row.row} under patient {patient}"
                yield one(Door.PAGE if view == "notes:photo" else Door.DOWNLOAD, got, expected, said)


def _one_document(built: Built, client: Client, reader: Reader, chance: Random) -> Iterator[Compared]:
    """Its page, its content and its download, in its own record and in another one that this reader may well read."""
    documents = [row for row in model.rows(built.world) if (_DOCUMENT, row.row) in built.rows]
    for row in chance.sample(documents, min(2, len(documents))):
        others = _reached(built, reader) - {row.patient} or {chance.randrange(built.world.patients)}
        for patient in {row.patient, chance.choice(sorted(others))}:
            expected = patient == row.patient and model.reads(built.world, reader, row)
            for view in ("documents:one", "documents:content", "documents:download"):
                keys = [built.records[patient].pk, built.rows[_DOCUMENT, row.row]]
                got = client.get(reverse(view, args=keys)).status_code == HTTPStatus.OK
                said = f"{reader} at {view} of document {row.row} under patient {patient}"
                yield one(Door.PAGE if view == "documents:one" else Door.DOWNLOAD, got, expected, said)


def _my_patients(built: Built, client: Client, reader: Reader) -> Iterator[Compared]:
    """The two lists outside the records: those one follows in person, those one's structure follows."""
    if reader.kind != "professional":
        return
    everybody = range(built.world.patients)
    for view, ground in (("overview:patients", "who"), ("overview:structure_patients", "structure")):
        text = client.get(reverse(view)).content.decode()
        shown = {patient for patient in everybody if called(built, patient) in text}
        expected = {patient for patient in everybody if model.follows(built.world, reader, patient, ground)}
        yield each(Door.PAGE, shown, expected, built.world.patients, f"{reader} in {view}")


def _download(built: Built, client: Client, reader: Reader, patient: int) -> Iterator[Compared]:
    """The notice that is printed for the patient: whoever may record his choices, for him and nobody else."""
    answer = client.get(_url(built, "overview:notice", patient))
    names = called(built, patient) in answer.content.decode()
    expected = model.edits_circle(built.world, reader, patient)
    said = f"{reader} downloads the notice of patient {patient}"
    yield one(Door.DOWNLOAD, answer.status_code == HTTPStatus.OK, expected, said)
    yield one(Door.DOWNLOAD, names, expected, f"{said}, his name in it")


def _copy(built: Built, client: Client, reader: Reader, patient: int) -> Iterator[Compared]:
    """The copy of a whole record: for her, who represents her and her circle at work; what each reads, and no more."""
    rows = [row for row in model.rows(built.world) if row.patient == patient]
    may = {row.row for row in rows if model.reads(built.world, reader, row)}
    answer = client.post(_url(built, "overview:export", patient), {"form": "fhir", "reason": "request"})
    taken = model.basis(built.world, reader, patient) in ("member", "structure", "patient", "representative")
    said = f"{reader} takes out a copy of patient {patient}"
    yield one(Door.DOWNLOAD, answer.status_code == HTTPStatus.OK, taken, said)
    if not isinstance(answer, StreamingHttpResponse):
        return
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[arg-type]  # not async
        text = archive.read("bundle.json").decode()
    others = ("stays.Encounter", "results.DiagnosticReport", "questionnaires.QuestionnaireResponse")
    for label in ("notes.Note", _DOCUMENT, *others, *_HEALTH):
        keys = {row.row: built.rows[label, row.row] for row in rows if (label, row.row) in built.rows}
        shown = {number for number, key in keys.items() if urn(key) in text}
        yield each(Door.DOWNLOAD, shown, may & set(keys), len(keys), f"{said}, {label}")


def _search(built: Built, client: Client, reader: Reader, patient: int) -> Iterator[Compared]:
    """By name, given name and birth date: who is among « vos patients », who outside, who nowhere."""
    birth = f"{born(built.world, patient):%d/%m/%Y}"
    found = client.get(reverse("overview:search"), {"q": f"{called(built, patient)} CAMILLE {birth}"})
    mine, _, outside = found.content.decode().partition(_OUTSIDE)
    shown = {
        "mine" if _url(built, "overview:record", patient) in mine else "",
        "outside" if called(built, patient) in outside else "",
    } - {""}
    expected = model.found(built.world, reader, patient)
    yield each(Door.SEARCH, shown, expected, 2, f"{reader} searches patient {patient}: {sorted(shown)}")


def _url(built: Built, view: str, patient: int) -> str:
    return reverse(view, args=[built.records[patient].pk])
