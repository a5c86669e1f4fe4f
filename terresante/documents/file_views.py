"""Pages through which bytes pass: received before any transaction opens, given after it has closed."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from terresante.care_team.queries import open_record, read_record
from terresante.documents import actions, queries
from terresante.documents.access import (
    DOCUMENT_DOWNLOAD,
    DOCUMENT_OPEN,
    DOCUMENT_REPLACE,
    DOCUMENT_WRITE,
)
from terresante.documents.forms import DocumentForm, VersionForm
from terresante.documents.models import DocumentReference
from terresante.documents.reading import paper_of
from terresante.documents.views import opened_document
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.files.giving import given, given_content
from terresante.kernel.files.kinds import FileKind, refused
from terresante.kernel.files.receiving import Received, receive, shown_name
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error

_MISSING = "Choisissez au moins un fichier."


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file sent: what it became, or why it was not taken."""

    name: str
    received: Received | None = None
    refusal: str = ""


def _receive_all(request: Request, record_id: UUID) -> list[Arrival]:
    """Stores nothing when the sender may not file here, or when the form will be shown again."""
    with rls.acting(request.actor, read_only=True):
        open_record(request.actor, record_id, action=DOCUMENT_WRITE)
        if "recompute" in request.POST or not DocumentForm(request.actor, request.POST).is_valid():
            return []
    return [_arrival(request, sent) for sent in request.FILES.getlist("sent")]


def _arrival(request: Request, sent: "UploadedFile[Any]") -> Arrival:
    name = shown_name(sent.name or "")
    try:
        return Arrival(name, received=receive(request.actor, sent, for_action=DOCUMENT_WRITE))
    except (Invalid, Conflict) as error:
        return Arrival(name, refusal=error.sentence)


@writes(DOCUMENT_WRITE, before=_receive_all)
def add_documents(request: Request, record_id: UUID) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript; JSON answers who asked for it."""
    form = DocumentForm(request.actor, request.POST or None)
    filed: list[DocumentReference] = []
    if request.method == "POST" and "recompute" not in request.POST:
        if not request.FILES.getlist("sent"):
            form.add_error("sent", _MISSING)
        if form.is_valid():
            for arrival in request.prepared:
                _file(request, record_id, form, arrival, filed)
    if request.headers.get("Accept") == "application/json":
        return _answer(form, record_id, filed)
    if filed:
        messages.success(request, _filed_words(filed))
    if filed and not form.errors:
        return redirect("documents:list", record_id)
    return _add_page(request, record_id, form)


def _file(
    request: Request, record_id: UUID, form: DocumentForm, arrival: Arrival, filed: list[DocumentReference]
) -> None:
    """One by one: a file that is not taken leaves the others."""
    if arrival.received is None:
        form.add_error("sent", f"« {arrival.name} » : {arrival.refusal}")
        return
    document = form.document(arrival.received, alone=len(request.prepared) == 1)
    try:
        with transaction.atomic():
            filed.append(actions.file_document(request.actor, record_id, document=document))
    except Conflict as error:
        form.add_error("sent", f"« {arrival.name} » : {error.sentence}")
    except Invalid as error:
        for name, sentence in error.fields.items():
            if sentence not in form.errors.get(name, []):
                form.add_error(name, sentence)


def _filed_words(filed: list[DocumentReference]) -> str:
    if len(filed) == 1:
        return f"« {filed[0].title} » est au dossier."
    return f"{len(filed)} documents sont au dossier."


def _answer(form: DocumentForm, record_id: UUID, filed: list[DocumentReference]) -> JsonResponse:
    if form.errors:
        sentences = [str(error) for errors in form.errors.values() for error in errors]
        return JsonResponse({"refusal": " ".join(sentences)}, status=422)
    url = reverse("documents:one", args=[record_id, filed[0].pk])
    return JsonResponse({"title": filed[0].title, "url": url})


def _add_page(request: Request, record_id: UUID, form: DocumentForm) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=DOCUMENT_WRITE)
    panel = queries.panel_of(opened.patient, form.draft(opened.patient.pk))
    if "recompute" in request.POST:
        form.errors.clear()
    return record_page(
        request,
        "documents/add.html",
        opened,
        {"form": form, "audience": panel},
        tab="documents",
        main_action=MainAction("Déposer", icon="upload", form_id="document"),
        status=form_status(form),
    )


def _receive_version(request: Request, record_id: UUID, document_id: UUID) -> Arrival | None:
    with rls.acting(request.actor, read_only=True):
        open_record(request.actor, record_id, action=DOCUMENT_WRITE)
        access.get(request.actor, DOCUMENT_REPLACE, DocumentReference, document_id)
    sent = request.FILES.get("sent")
    if sent is None or not VersionForm(request.POST).is_valid():
        return None
    return _arrival(request, sent)


@writes(DOCUMENT_REPLACE, before=_receive_version)
def replace_document(request: Request, record_id: UUID, document_id: UUID) -> HttpResponse:
    form = VersionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = _replaced(request, record_id, document_id, form)
        except (Invalid, Conflict) as error:
            show_error(form, error, beside="sent")
        else:
            messages.success(
                request, f"« {row.title} » est remplacé ; la version d’avant reste dans l’historique."
            )
            return redirect("documents:one", record_id, row.pk)
    opened, document = opened_document(request, record_id, document_id, DOCUMENT_REPLACE)
    shown = {"document": document, "form": form}
    action = MainAction("Remplacer", icon="upload", form_id="document")
    return record_page(
        request,
        "documents/replace.html",
        opened,
        shown,
        tab="documents",
        main_action=action,
        status=form_status(form),
    )


def _replaced(request: Request, record_id: UUID, document_id: UUID, form: VersionForm) -> DocumentReference:
    arrival: Arrival | None = request.prepared
    if arrival is None:
        raise refused("Choisissez le fichier de la nouvelle version.")
    if arrival.received is None:
        raise refused(arrival.refusal)
    sent: dict[str, Any] = form.cleaned_data
    with transaction.atomic():
        return actions.replace_document(
            request.actor,
            record_id,
            document_id,
            received=arrival.received,
            dated_on=sent["dated_on"],
            written_by=sent["written_by"],
        )


@reads(DOCUMENT_OPEN)
def show_content(request: Request, record_id: UUID, document_id: UUID) -> StreamingHttpResponse:
    """What the viewer of the page loads: the file, or the PDF that a structured document carries."""
    return _given(request, record_id, document_id, DOCUMENT_OPEN, as_attachment=False)


@reads(DOCUMENT_DOWNLOAD)
def download(request: Request, record_id: UUID, document_id: UUID) -> StreamingHttpResponse:
    return _given(request, record_id, document_id, DOCUMENT_DOWNLOAD, as_attachment=True)


def _given(
    request: Request, record_id: UUID, document_id: UUID, act: Action, *, as_attachment: bool
) -> StreamingHttpResponse:
    opened, document = opened_document(request, record_id, document_id, act)
    audit.note_read(act, patient_id=opened.patient.pk, about=document, purpose=opened.purpose(request.actor))
    if document.is_structured and not as_attachment:
        paper = paper_of(document)
        name = f"{PurePath(document.file_name).stem}.pdf"
        return given_content(paper, kind=FileKind.PDF, name=name)
    return given(
        document.file,
        size=document.size,
        kind=document.media_type,
        name=document.file_name,
        as_attachment=as_attachment,
    )
