from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.documents import actions, lines, queries
from terresante.documents.access import (
    DOCUMENT_DOWNLOAD,
    DOCUMENT_OPEN,
    DOCUMENT_READ,
    DOCUMENT_REPLACE,
    DOCUMENT_SHARE,
    DOCUMENT_WITHDRAW,
    DOCUMENT_WRITE,
)
from terresante.documents.enums import FAMILIES
from terresante.documents.forms import AudienceForm, WithdrawalForm
from terresante.documents.models import DocumentReference
from terresante.documents.queries import UNREAD, WITHDRAWN, DocumentPage
from terresante.documents.reading import reading_of
from terresante.feed.actions import mark_objects_read
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.errors import NotFound
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status
from terresante.kernel.ui.frame import Chip, Tab
from terresante.kernel.ui.paging import asked_page, pages_beside

_LONGEST_ASKED = 200
_DONE_ON_THE_PAGE = (
    DOCUMENT_OPEN,
    DOCUMENT_DOWNLOAD,
    DOCUMENT_REPLACE,
    DOCUMENT_SHARE,
    DOCUMENT_WITHDRAW,
)


@reads(DOCUMENT_READ)
def list_documents(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=DOCUMENT_READ)
    asked = {name: request.GET.get(name, "").strip()[:_LONGEST_ASKED] for name in ("vue", "type", "q")}
    page = queries.document_page(
        request.actor,
        opened.patient.pk,
        view=asked["vue"],
        family=asked["type"],
        words=asked["q"],
        number=asked_page(request.GET.get("page", "")),
    )
    shown = {
        "documents": page,
        "lines": [lines.line_of(one, with_month=asked["vue"] != WITHDRAWN) for one in page.lines],
        "asked": asked,
        "pages": pages_beside(page.page, "documents", **asked),
        "opened": opened,
    }
    if request.headers.get("HX-Request"):
        return render(request, "documents/_list.html", shown)
    shown |= {"page_tabs": _tabs(record_id, page, asked), "chips": _chips(record_id, asked)}
    return record_page(
        request, "documents/list.html", opened, shown, tab="documents", main_action=_add(request, opened)
    )


@reads(DOCUMENT_READ)
def show_document(request: Request, record_id: UUID, document_id: UUID) -> HttpResponse:
    opened, document = opened_document(request, record_id, document_id, DOCUMENT_READ)
    audit.note_read(
        DOCUMENT_READ, patient_id=opened.patient.pk, about=document, purpose=opened.purpose(request.actor)
    )
    versions = queries.versions_of(request.actor, document)
    for kind in queries.TOLD_AS:
        keys = [version.pk for version in versions]
        request.after_read.append(partial(mark_objects_read, request.actor, opened.patient.pk, kind, keys))
    may = access.permitted(request.actor, document, *_DONE_ON_THE_PAGE)
    read = reading_of(document) if DOCUMENT_OPEN in may else None
    if read is not None:
        audit.note_read(
            DOCUMENT_OPEN, patient_id=opened.patient.pk, about=document, purpose=opened.purpose(request.actor)
        )
    shown = {
        "reading": read,
        "codes": queries.codes_said(read.codes if read else (), type_label=document.get_type_display()),
        "shows_paper": read is not None and read.has_paper and (not read.passages or "copie" in request.GET),
        "document": document,
        "tags": lines.tags(document),
        "versions": versions,
        "newest": versions[0],
        "may_replace": DOCUMENT_REPLACE in may,
        "may_share": DOCUMENT_SHARE in may and document.is_for_circle,
        "may_withdraw": DOCUMENT_WITHDRAW in may,
    }
    return record_page(request, "documents/one.html", opened, shown, tab="documents", main_action=None)


@reads(DOCUMENT_WRITE)
def show_audience(request: Request, record_id: UUID) -> HttpResponse:
    """The panel alone, for the choices made so far; no title and no file is ever sent here."""
    opened = open_record(request.actor, record_id, action=DOCUMENT_WRITE)
    draft = AudienceForm(request.actor, request.GET).draft(opened.patient.pk)
    return render(request, "ui/audience.html", {"audience": queries.panel_of(opened.patient, draft)})


@writes(DOCUMENT_SHARE)
def share_document(request: Request, record_id: UUID, document_id: UUID) -> HttpResponse:
    """GET says who will see it; POST does it."""
    if request.method == "POST":
        shared = request.POST.get("shared") == "yes"
        row = actions.share_document(request.actor, record_id, document_id, shared=shared)
        done = "est maintenant visible" if shared else "n’est plus visible"
        messages.success(request, f"« {row.title} » {done} dans l’espace de la personne.")
        return redirect("documents:one", record_id, document_id)
    opened, document = opened_document(request, record_id, document_id, DOCUMENT_SHARE)
    return record_page(request, "documents/share.html", opened, {"document": document}, tab="documents")


@writes(DOCUMENT_WITHDRAW)
def withdraw_document(request: Request, record_id: UUID, document_id: UUID) -> HttpResponse:
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        row = actions.withdraw_document(request.actor, record_id, document_id, reason=reason)
        messages.success(request, _withdrawn_words(row))
        return redirect("documents:list", record_id)
    opened, document = opened_document(request, record_id, document_id, DOCUMENT_WITHDRAW)
    shown = {"document": document, "form": form, "is_alone": _is_alone(document)}
    return record_page(
        request, "documents/withdraw.html", opened, shown, tab="documents", status=form_status(form)
    )


def _withdrawn_words(row: DocumentReference) -> str:
    if _is_alone(row):
        return f"« {row.title} » est retiré : plus personne ne l’ouvre."
    return f"La version {row.version} de « {row.title} » est retirée : plus personne ne l’ouvre."


def _is_alone(row: DocumentReference) -> bool:
    """The one version of its document."""
    return row.version == 1 and not row.replaced_by.exists()


def opened_document(
    request: Request, record_id: UUID, document_id: UUID, act: Action
) -> tuple[OpenRecord, DocumentReference]:
    """Of this record, whatever the address says; what is done to the document has its own line in the access log."""
    opened = open_record(request.actor, record_id, action=DOCUMENT_READ)
    document = access.get(request.actor, act, DocumentReference, document_id, related=("file",))
    if document.record_id != opened.record.pk:
        raise NotFound
    return opened, document


def _add(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, DOCUMENT_WRITE, opened.record):
        return None
    return MainAction(
        "Déposer un document", url=reverse("documents:add", args=[opened.record.pk]), icon="upload"
    )


def _url(record_id: UUID, asked: dict[str, str]) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"{reverse('documents:list', args=[record_id])}{'?' if kept else ''}{urlencode(kept)}"


def _tabs(record_id: UUID, page: DocumentPage, asked: dict[str, str]) -> tuple[Tab, ...]:
    def tab(view: str, label: str, counter: int = 0) -> Tab:
        current = asked["vue"] == view or (not view and asked["vue"] not in (UNREAD, WITHDRAWN))
        url = _url(record_id, {**asked, "vue": view})
        return Tab(label=label, url=url, counter=counter, unread=view == UNREAD, current=current)

    return tab("", "En vigueur"), tab(UNREAD, "Non lus", page.unread), tab(WITHDRAWN, "Retirés")


def _chips(record_id: UUID, asked: dict[str, str]) -> tuple[Chip, ...]:
    families = [("", "Tous"), *((key, label) for key, (label, _) in FAMILIES.items())]
    return tuple(
        Chip(label=label, url=_url(record_id, {**asked, "type": key}), current=asked["type"] == key)
        for key, label in families
    )
