"""Photographs and recordings of notes: their bytes pass outside any transaction, each read by who reads the note."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from terresante.care_team.queries import OpenRecord, open_record
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.files.giving import given, given_in_parts
from terresante.kernel.files.kinds import FileKind
from terresante.kernel.files.receiving import receive_photo, receive_sound, shown_name
from terresante.kernel.files.sounds import ENDS
from terresante.kernel.screens import Answer, Request, reads, record_page, writes
from terresante.notes import actions
from terresante.notes.access import (
    NOTE_MEDIA_DOWNLOAD,
    NOTE_MEDIA_OPEN,
    NOTE_MEDIA_WITHDRAW,
    NOTE_READ,
    NOTE_WRITE,
)
from terresante.notes.enums import MOST_PHOTOS
from terresante.notes.forms import NoteForm
from terresante.notes.joining import NewMedia
from terresante.notes.models import NoteMedia

_AGAIN = "Joignez de nouveau les photos et le message : le navigateur ne les garde pas."


@dataclass(frozen=True, slots=True)
class Joined:
    """The files received with a note, and why others were refused: with one refusal nothing is published."""

    media: tuple[NewMedia, ...] = ()
    refusals: tuple[str, ...] = ()


def receive_media(request: Request, record_id: UUID) -> Joined:
    """Stores nothing when the sender may not write here, or when the form will be shown again."""
    sent, voice = request.FILES.getlist("photos"), request.FILES.get("voice")
    if not sent and voice is None:
        return Joined()
    with rls.acting(request.actor, read_only=True):
        open_record(request.actor, record_id, action=NOTE_WRITE)
        if "recompute" in request.POST or not NoteForm(request.actor, request.POST).is_valid():
            return Joined(refusals=(_AGAIN,))
    if len(sent) > MOST_PHOTOS:
        return Joined(refusals=(f"Joignez {MOST_PHOTOS} photos au plus.", _AGAIN))
    alts = request.POST.getlist("alt")
    media, refusals = [], []
    for number, file in enumerate(sent):
        try:
            received = receive_photo(request.actor, file, for_action=NOTE_WRITE)
            media.append(
                NewMedia.photo(received, alts[number] if len(alts) == len(sent) else "".join(alts[:1]))
            )
        except (Invalid, Conflict) as error:
            refusals.append(f"« {shown_name(file.name or '')} » : {error.sentence}")
    if voice is not None:
        try:
            media.append(NewMedia.voice(receive_sound(request.actor, voice, for_action=NOTE_WRITE)))
        except (Invalid, Conflict) as error:
            refusals.append(f"Message vocal : {error.sentence}")
    return Joined(tuple(media), (*refusals, _AGAIN) if refusals else ())


@reads(NOTE_MEDIA_OPEN)
def show_photo(request: Request, record_id: UUID, note_id: UUID, media_id: UUID) -> HttpResponse:
    opened, media = _opened(request, record_id, note_id, media_id, NOTE_MEDIA_OPEN)
    if not media.is_photo:
        raise NotFound
    shown = {"note": media.note, "photo": media}
    return record_page(request, "notes/photo.html", opened, shown, tab="notes")


@reads(NOTE_READ)
def show_small(request: Request, record_id: UUID, note_id: UUID, media_id: UUID) -> StreamingHttpResponse:
    """The thumbnail of a list: logged as a reading of the note."""
    _, media = _opened(request, record_id, note_id, media_id, NOTE_MEDIA_OPEN, said=NOTE_READ)
    if media.small is None:
        raise NotFound
    return given(media.small, size=media.small_size, kind=FileKind.JPEG, name=_name(media))


@reads(NOTE_MEDIA_OPEN)
def show_content(request: Request, record_id: UUID, note_id: UUID, media_id: UUID) -> Answer:
    """A recording is sent in the ranges that its player asks for; each range leaves its line in the access log."""
    _, media = _opened(request, record_id, note_id, media_id, NOTE_MEDIA_OPEN)
    if media.is_photo:
        return given(media.file, size=media.size, kind=media.media_type, name=_name(media))
    return given_in_parts(request, media.file, size=media.size, kind=media.media_type, name=_name(media))


@reads(NOTE_MEDIA_DOWNLOAD)
def download(request: Request, record_id: UUID, note_id: UUID, media_id: UUID) -> StreamingHttpResponse:
    _, media = _opened(request, record_id, note_id, media_id, NOTE_MEDIA_DOWNLOAD)
    return given(media.file, size=media.size, kind=media.media_type, name=_name(media), as_attachment=True)


@writes(NOTE_MEDIA_WITHDRAW)
def withdraw(request: Request, record_id: UUID, note_id: UUID, media_id: UUID) -> HttpResponse:
    """GET says what follows; POST does it."""
    if request.method == "POST":
        media = actions.withdraw_media(request.actor, record_id, note_id, media_id)
        done = "Photo retirée" if media.is_photo else "Message vocal retiré"
        messages.success(request, f"{done} : plus personne ne l’ouvre.")
        return redirect("notes:one", record_id, note_id)
    opened, media = _opened(request, record_id, note_id, media_id, NOTE_MEDIA_WITHDRAW, said=NOTE_READ)
    shown = {"note": media.note, "photo": media}
    return record_page(request, "notes/withdraw_media.html", opened, shown, tab="notes")


def _opened(
    request: Request,
    record_id: UUID,
    note_id: UUID,
    media_id: UUID,
    act: Action,
    *,
    said: Action | None = None,
) -> tuple[OpenRecord, NoteMedia]:
    """Checks that it belongs to the note and the record of the address, and logs the access."""
    opened = open_record(request.actor, record_id, action=NOTE_READ)
    media = access.get(request.actor, act, NoteMedia, media_id, related=("note", "file", "small"))
    if media.note_id != note_id or media.note.record_id != opened.record.pk:
        raise NotFound
    purpose = opened.purpose(request.actor)
    audit.note_read(said or act, patient_id=opened.patient.pk, about=media.note, purpose=purpose)
    return opened, media


def _name(media: NoteMedia) -> str:
    """Made of the day and of its number in the note: the name that a device gives may tell too much."""
    day = timezone.localdate(media.note.written_at)
    kind = "photo" if media.is_photo else "message"
    return f"{kind}-{day:%Y-%m-%d}-{media.number}.{_ENDS[media.media_type]}"


_ENDS = {FileKind.JPEG.value: "jpg", **{kind.value: end for kind, end in ENDS.items()}}
