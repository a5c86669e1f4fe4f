from dataclasses import replace
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.limits import level_of
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.frame import Page, Tab
from terresante.notes import actions, queries
from terresante.notes.access import NOTE_LIMIT, NOTE_READ, NOTE_WRITE
from terresante.notes.forms import AudienceForm, LevelForm, NoteForm
from terresante.notes.models import Note


@reads(NOTE_READ)
def list_notes(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_READ)
    only_unread = request.GET.get("vue") == "non-lues"
    page = queries.note_page(
        request.actor, opened.patient.pk, only_unread=only_unread, number=_number(request.GET.get("page", ""))
    )
    _mark_read(request, opened, [line.note.pk for line in page.lines])
    shown = {"notes": page, "only_unread": only_unread, "pages": _pages(record_id, page, only_unread)}
    if request.headers.get("HX-Request"):
        return render(request, "notes/_list.html", {**shown, "opened": opened})
    shown["page_tabs"] = _tabs(record_id, page, only_unread)
    return record_page(
        request, "notes/list.html", opened, shown, tab="notes", main_action=_write_action(request, opened)
    )


@reads(NOTE_READ)
def show_note(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_READ)
    note = access.get(request.actor, NOTE_READ, Note, note_id)
    if note.record_id != opened.record.pk:
        raise NotFound
    _mark_read(request, opened, [note.pk])
    shown = {
        "note": note,
        "is_mine": note.author_id == request.actor.person_id,
        "limits": access.permits(request.actor, NOTE_LIMIT, note),
    }
    return record_page(
        request, "notes/one.html", opened, shown, tab="notes", main_action=_write_action(request, opened)
    )


@writes(NOTE_WRITE)
def write_note(request: Request, record_id: UUID) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript."""
    form = NoteForm(request.actor, request.POST or None)
    if request.method == "POST" and "recompute" not in request.POST and form.is_valid():
        try:
            note = actions.publish_note(request.actor, record_id, note=form.note())
        except (Invalid, Conflict) as error:
            _say(form, error)
        else:
            messages.success(request, _who_reads(form, note))
            return redirect("notes:list", record_id)
    return _form_page(request, record_id, form)


@writes(NOTE_LIMIT)
def change_limits(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript."""
    opened = read_record(request.actor, record_id, action=NOTE_WRITE)
    note = access.get(request.actor, NOTE_LIMIT, Note, note_id)
    if note.record_id != opened.record.pk:
        raise NotFound
    form = LevelForm(request.actor, request.POST or None, initial={"level": level_of(note)})
    if request.method == "POST" and "recompute" not in request.POST and form.is_valid():
        try:
            level = Confidentiality(form.cleaned_data["level"])
            actions.change_limits(request.actor, record_id, note_id, level=level)
        except Conflict as error:
            form.add_error("level", error.sentence)
        else:
            messages.success(request, _now_read_by(request, opened, note, form))
            return redirect("notes:one", record_id, note_id)
    panel = queries.audience_panel(opened.patient, _draft(request, opened, note, form))
    shown = {"note": note, "form": form, "audience": panel}
    status = Invalid.status if form.errors else 200
    return record_page(request, "notes/limits.html", opened, shown, tab="notes", status=status)


def _draft(request: Request, opened: OpenRecord, note: Note, form: LevelForm) -> Draft:
    limits = replace(form.limits(), hidden_from_representative=note.hidden_from_representative)
    return limits.draft(request.actor, opened.patient.pk, DataClass(note.data_class))


def _now_read_by(request: Request, opened: OpenRecord, note: Note, form: LevelForm) -> str:
    panel = queries.audience_panel(opened.patient, _draft(request, opened, note, form))
    return f"C’est changé. Peuvent lire la note : {panel.head_count}."


@reads(NOTE_WRITE)
def show_audience(request: Request, record_id: UUID) -> HttpResponse:
    """The panel alone, for the choices made so far; the text of the note is never sent here."""
    opened = open_record(request.actor, record_id, action=NOTE_WRITE)
    draft = AudienceForm(request.actor, request.GET).draft(opened.patient.pk)
    return render(request, "ui/audience.html", {"audience": queries.audience_panel(opened.patient, draft)})


def _form_page(request: Request, record_id: UUID, form: NoteForm) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_WRITE)
    panel = queries.audience_panel(opened.patient, form.draft(opened.patient.pk))
    if "recompute" in request.POST:
        form.errors.clear()
    return record_page(
        request,
        "notes/write.html",
        opened,
        {"form": form, "audience": panel},
        tab="notes",
        main_action=MainAction("Enregistrer la note", icon="check", form_id="note"),
        status=422 if form.errors else 200,
    )


def _say(form: NoteForm, error: Invalid | Conflict) -> None:
    fields = error.fields if isinstance(error, Invalid) else {}
    for name, sentence in (fields or {"": error.sentence}).items():
        form.add_error(name if name in form.fields else None, sentence)


def _who_reads(form: NoteForm, note: Note) -> str:
    panel = queries.audience_panel(note.patient, form.draft(note.patient_id))
    return f"Note enregistrée. Peuvent la lire : {panel.head_count}."


def _mark_read(request: Request, opened: OpenRecord, note_ids: list[UUID]) -> None:
    request.after_read.append(
        partial(mark_objects_read, request.actor, opened.patient.pk, FeedKind.NOTE, note_ids)
    )


def _write_action(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, NOTE_WRITE, opened.record):
        return None
    return MainAction("Écrire une note", url=reverse("notes:write", args=[opened.record.pk]), icon="pencil")


def _tabs(record_id: UUID, page: queries.NotePage, only_unread: bool) -> tuple[Tab, ...]:
    url = reverse("notes:list", args=[record_id])
    return (
        Tab(label="Récentes", url=url, current=not only_unread),
        Tab(
            label="Non lues", url=f"{url}?vue=non-lues", counter=page.unread, unread=True, current=only_unread
        ),
    )


def _pages(record_id: UUID, page: queries.NotePage, only_unread: bool) -> Page | None:
    if page.number == 1 and not page.has_next:
        return None
    url = f"{reverse('notes:list', args=[record_id])}?{'vue=non-lues&' if only_unread else ''}page="
    return Page(
        first=page.first,
        last=page.last,
        total=page.total,
        noun="notes",
        previous_url=f"{url}{page.number - 1}" if page.number > 1 else "",
        next_url=f"{url}{page.number + 1}" if page.has_next else "",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
