from functools import partial
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from terresante.care_team.access import decides_for_patient
from terresante.care_team.queries import open_record
from terresante.documents.access import DOCUMENT_OPEN, DOCUMENT_READ, OWN_DOCUMENT_WRITE
from terresante.documents.models import DocumentReference
from terresante.documents.own_actions import file_own_document, show_own_document, withdraw_own_document
from terresante.documents.queries import TOLD_AS, document_page, versions_of
from terresante.documents.reading import reading_of
from terresante.feed.actions import mark_objects_read
from terresante.kernel import access, audit, rls
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.files.receiving import Received, receive
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.paging import asked_page
from terresante.notes.access import NOTE_MEDIA_OPEN, NOTE_READ
from terresante.notes.models import NoteMedia
from terresante.overview.access import RECORD_EXPORT
from terresante.portal.forms import OwnDocumentForm
from terresante.portal.queries import founded_record_id, own_record_id, read_founded_record, read_own_record


@reads(DOCUMENT_READ)
def documents(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=DOCUMENT_READ)
    number = asked_page(request.GET.get("page", ""))
    found = document_page(request.actor, opened.patient.pk, number=number) if opened else None
    context = {"opened": opened, "documents": found, "is_own": decides_for_patient(request.actor)}
    return render(request, "portal/documents.html", context)


def _receive_own(request: Request) -> Received | str | None:
    """The file put away; why it was not taken; None for a form to be shown again, or from who may not file here."""
    with rls.acting(request.actor, read_only=True):
        record_id = own_record_id(request.actor)
        if record_id is None:
            return None
        open_record(request.actor, record_id, action=OWN_DOCUMENT_WRITE)
    sent = request.FILES.get("sent")
    if sent is None or not OwnDocumentForm(request.POST).is_valid():
        return None
    try:
        return receive(request.actor, sent, for_action=OWN_DOCUMENT_WRITE)
    except (Invalid, Conflict) as error:
        return error.sentence


@writes(OWN_DOCUMENT_WRITE, before=_receive_own)
def add_document(request: Request) -> HttpResponse:
    form = OwnDocumentForm(request.POST or None, initial={"dated_on": timezone.localdate()})
    record_id = founded_record_id(request.actor)
    received: Received | str | None = request.prepared
    if isinstance(received, Received) and form.is_valid():
        try:
            with transaction.atomic():
                filed = file_own_document(request.actor, record_id, document=form.document(received))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, gettext("« %(title)s » est dans vos documents.") % {"title": filed.title}
            )
            return redirect("portal:document", filed.pk)
    elif request.method == "POST":
        form.add_error("sent", received if isinstance(received, str) else _without_file(request))
    opened = read_own_record(request.actor, action=OWN_DOCUMENT_WRITE)
    return render(
        request, "portal/add_document.html", {"opened": opened, "form": form}, status=form_status(form)
    )


def _without_file(request: Request) -> str:
    """A page shown again has lost the file that was chosen."""
    return (
        gettext("Choisissez de nouveau le fichier.") if request.FILES else gettext("Choisissez un fichier.")
    )


@writes(OWN_DOCUMENT_WRITE)
def show_document(request: Request, document_id: UUID) -> HttpResponse:
    """Shows it to the circle, or hides it again."""
    record_id = founded_record_id(request.actor)
    if request.method == "POST":
        kept = "keep" in request.POST
        show_own_document(request.actor, record_id, document_id, kept=kept)
        said = gettext("L’équipe ne le lit plus.") if kept else gettext("L’équipe peut maintenant le lire.")
        messages.success(request, said)
    return redirect("portal:document", document_id)


@writes(OWN_DOCUMENT_WRITE)
def withdraw_document(request: Request, document_id: UUID) -> HttpResponse:
    """GET says what follows; POST does it."""
    record_id = founded_record_id(request.actor)
    if request.method == "POST":
        row = withdraw_own_document(request.actor, record_id, document_id)
        messages.success(
            request, gettext("« %(title)s » est retiré : personne ne l’ouvre plus.") % {"title": row.title}
        )
        return redirect("portal:documents")
    opened = read_founded_record(request.actor)
    shown = access.get(request.actor, OWN_DOCUMENT_WRITE, DocumentReference, document_id)
    if shown.record_id != opened.record.pk:
        raise NotFound
    return render(request, "portal/withdraw_document.html", {"opened": opened, "document": shown})


@reads(DOCUMENT_OPEN)
def document(request: Request, document_id: UUID) -> HttpResponse:
    opened = read_founded_record(request.actor, action=DOCUMENT_READ)
    shown = access.get(request.actor, DOCUMENT_OPEN, DocumentReference, document_id)
    if shown.record_id != opened.record.pk:
        raise NotFound
    audit.note_read(DOCUMENT_READ, patient_id=opened.patient.pk, about=shown)
    keys = [version.pk for version in versions_of(request.actor, shown)]
    for kind in TOLD_AS:
        request.after_read.append(partial(mark_objects_read, request.actor, opened.patient.pk, kind, keys))
    read = reading_of(shown)
    shows_paper = read is not None and read.has_paper and (not read.passages or "copie" in request.GET)
    told = {
        "opened": opened,
        "document": shown,
        "reading": read,
        "shows_paper": shows_paper,
        "changes": access.permits(request.actor, OWN_DOCUMENT_WRITE, shown),
    }
    return render(request, "portal/document.html", told)


@reads(NOTE_MEDIA_OPEN)
def photo(request: Request, note_id: UUID, media_id: UUID) -> HttpResponse:
    opened = read_founded_record(request.actor, action=NOTE_READ)
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
