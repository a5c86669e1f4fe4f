from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from terresante.care_team.access import decides_for_patient
from terresante.documents.access import DOCUMENT_OPEN, DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.documents.queries import documents_of
from terresante.documents.reading import reading_of
from terresante.kernel import access, audit
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads
from terresante.notes.access import NOTE_MEDIA_OPEN, NOTE_READ
from terresante.notes.models import NoteMedia
from terresante.overview.access import RECORD_EXPORT
from terresante.portal.queries import read_own_record

_A_PAGE = 20


@reads(DOCUMENT_READ)
def documents(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=DOCUMENT_READ)
    page = None
    if opened is not None:
        listed = documents_of(request.actor, opened.patient.pk)
        page = Paginator(listed, _A_PAGE).get_page(request.GET.get("page", "1"))
    return render(
        request,
        "portal/documents.html",
        {"opened": opened, "page": page, "is_own": decides_for_patient(request.actor)},
    )


@reads(DOCUMENT_OPEN)
def document(request: Request, document_id: UUID) -> HttpResponse:
    opened = read_own_record(request.actor, action=DOCUMENT_READ)
    if opened is None:
        raise NotFound
    shown = access.get(request.actor, DOCUMENT_OPEN, DocumentReference, document_id)
    if shown.record_id != opened.record.pk:
        raise NotFound
    audit.note_read(DOCUMENT_READ, patient_id=opened.patient.pk, about=shown)
    read = reading_of(shown)
    shows_paper = read is not None and read.has_paper and (not read.passages or "copie" in request.GET)
    told = {"opened": opened, "document": shown, "reading": read, "shows_paper": shows_paper}
    return render(request, "portal/document.html", told)


@reads(NOTE_MEDIA_OPEN)
def photo(request: Request, note_id: UUID, media_id: UUID) -> HttpResponse:
    opened = read_own_record(request.actor, action=NOTE_READ)
    if opened is None:
        raise NotFound
    shown = access.get(request.actor, NOTE_MEDIA_OPEN, NoteMedia, media_id, related=("note",))
    if shown.note_id != note_id or shown.note.record_id != opened.record.pk or not shown.is_photo:
        raise NotFound
    audit.note_read(NOTE_MEDIA_OPEN, patient_id=opened.patient.pk, about=shown.note)
    return render(request, "portal/note_photo.html", {"opened": opened, "photo": shown, "note": shown.note})


@reads(RECORD_EXPORT)
def copy(request: Request) -> HttpResponse:
    """What one may take away; `overview:export` sends it."""
    opened = read_own_record(request.actor, action=RECORD_EXPORT)
    return render(request, "portal/export.html", {"opened": opened})
