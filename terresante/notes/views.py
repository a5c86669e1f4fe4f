from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.forms.limits import LevelForm
from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.limits import level_of, levels_open_to, sector_of
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.files.sounds import LONGEST_SECONDS
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.frame import Tab
from terresante.kernel.ui.paging import asked_page, pages_beside
from terresante.notes import actions, cards, queries
from terresante.notes.access import NOTE_AMEND, NOTE_LIMIT, NOTE_READ, NOTE_STAR, NOTE_WRITE
from terresante.notes.enums import MOST_PHOTOS, NoteView
from terresante.notes.forms import AmendForm, AudienceForm, NoteForm
from terresante.notes.kept import check_principal, kept_for, principal_said
from terresante.notes.media_views import Joined, receive_media
from terresante.notes.models import Note

_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address of the list asks for."""

    view: NoteView
    words: str

    @classmethod
    def of(cls, request: Request) -> "_Asked":
        view = request.GET.get("vue", "")
        return cls(
            view=NoteView(view) if view in NoteView.values else NoteView.RECENT,
            words=request.GET.get("q", "").strip()[:_LONGEST_SEARCH],
        )

    @property
    def said(self) -> dict[str, str]:
        return {"vue": self.view.value if self.view != NoteView.RECENT else "", "q": self.words}

    @property
    def query(self) -> str:
        said = urlencode({name: value for name, value in self.said.items() if value})
        return f"?{said}" if said else ""


@reads(NOTE_READ)
def list_notes(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_READ)
    asked = _Asked.of(request)
    page = queries.note_page(
        request.actor,
        opened.patient.pk,
        view=asked.view,
        words=asked.words,
        number=asked_page(request.GET.get("page", "")),
    )
    # Around the words of a search stands a part of a note: it has not been read.
    _mark_read(request, opened, [] if asked.words else [line.note.pk for line in page.lines])
    shown = {"notes": page, "cards": [cards.card(line) for line in page.lines], "asked": asked}
    shown["pages"] = pages_beside(page.page, "notes", page.most, **asked.said)
    if request.headers.get("HX-Request"):
        return render(request, "notes/_list.html", {**shown, "opened": opened})
    shown["page_tabs"] = _tabs(record_id, page, asked)
    return record_page(
        request, "notes/list.html", opened, shown, tab="notes", main_action=_write_action(request, opened)
    )


@reads(NOTE_READ)
def show_note(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_READ)
    note = _note(request, opened, NOTE_READ, note_id)
    _mark_read(request, opened, [note.pk])
    answered = queries.answered_by(request.actor, note)
    shown = {
        "note": note,
        "is_mine": note.author_id == request.actor.person_id,
        "star": cards.star(note, is_starred=queries.is_starred(request.actor, note)),
        "tags": cards.tags(note),
        "versions": queries.versions_of(request.actor, note) if note.amended_at else (),
        "answered": cards.answered(answered) if answered else "",
        "answers": queries.answers_to(request.actor, note),
        "limits": access.permits(request.actor, NOTE_LIMIT, note),
        "amends": access.permits(request.actor, NOTE_AMEND, note),
        "writes": access.permits(request.actor, NOTE_WRITE, opened.record),
        "media": queries.media_of(request.actor, opened.patient.pk, [note.pk]).get(note.pk, ()),
    }
    return record_page(
        request, "notes/one.html", opened, shown, tab="notes", main_action=_write_action(request, opened)
    )


@writes(NOTE_WRITE, before=receive_media)
def write_note(request: Request, record_id: UUID) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript; `reponse`: the note that is answered."""
    form = NoteForm(request.actor, request.POST or None, initial=_answer_to(request, record_id))
    joined: Joined = request.prepared or Joined()
    for sentence in joined.refusals:
        form.add_error("photos", sentence)
    if request.method == "POST" and "recompute" not in request.POST and form.is_valid():
        try:
            check_principal(request.actor, request.POST.get("principal", ""))
            note = actions.publish_note(request.actor, record_id, note=form.note(joined.media))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, queries.readers_said(note.patient, form.draft(note.patient_id)))
            return redirect("notes:list", record_id)
    return _form_page(request, record_id, form)


@writes(NOTE_AMEND)
def amend_note(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=NOTE_WRITE)
    note = _note(request, opened, NOTE_AMEND, note_id)
    form = AmendForm(request.POST or None, initial={"text": note.text, "seen": _seen(note)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.amend_note(request.actor, record_id, note_id, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "La note est corrigée. Ceux qui la lisent la retrouvent non lue.")
            return redirect("notes:one", record_id, note_id)
    media = queries.media_of(request.actor, opened.patient.pk, [note.pk]).get(note.pk, ())
    shown = {"note": note, "form": form, "media": media}
    return record_page(request, "notes/amend.html", opened, shown, tab="notes", status=form_status(form))


def _seen(note: Note) -> str:
    return note.amended_at.isoformat() if note.amended_at else ""


@require_POST
@writes(NOTE_STAR)
def star_note(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    """With JavaScript the answer is the button alone; without, the page of the note."""
    starred = request.POST.get("starred") == "1"
    note = actions.star_note(request.actor, record_id, note_id, starred=starred)
    if request.headers.get("HX-Request"):
        return HttpResponse(cards.star(note, is_starred=starred))
    return redirect("notes:one", record_id, note_id)


@writes(NOTE_LIMIT)
def change_limits(request: Request, record_id: UUID, note_id: UUID) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript."""
    opened = read_record(request.actor, record_id, action=NOTE_WRITE)
    note = _note(request, opened, NOTE_LIMIT, note_id)
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
    return record_page(request, "notes/limits.html", opened, shown, tab="notes", status=form_status(form))


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
        {
            "form": form,
            "kept": kept_for(request.actor),
            "principal": request.POST.get("principal", principal_said(request.actor)),
            "now": timezone.now(),
            "audience": panel,
            "most_photos": MOST_PHOTOS,
            "longest_voice": LONGEST_SECONDS,
            "answered": queries.note_answered(
                request.actor, opened.patient.pk, str(form["in_reply_to_id"].value() or "")
            ),
        },
        tab="notes",
        main_action=MainAction("Enregistrer la note", icon="check", form_id="note"),
        status=form_status(form),
    )


def _note(request: Request, opened: OpenRecord, action: Action, note_id: UUID) -> Note:
    note = access.get(request.actor, action, Note, note_id)
    if note.record_id != opened.record.pk:
        raise NotFound
    return note


def _answer_to(request: Request, record_id: UUID) -> dict[str, Any]:
    """What an answer begins with: who reads it, and its type, are those of the note it answers."""
    key = request.POST.get("in_reply_to_id") or request.GET.get("reponse", "")
    opened = open_record(request.actor, record_id, action=NOTE_WRITE)
    answered = queries.note_answered(request.actor, opened.patient.pk, key)
    if answered is None:
        return {}
    level = level_of(answered)
    open_levels = levels_open_to(sector_of(request.actor))
    said = {
        "in_reply_to_id": answered.pk,
        "level": level if level in open_levels else Confidentiality.STRUCTURE,
    }
    if DataClass(answered.data_class) in queries.classes_written_by(request.actor):
        said["data_class"] = answered.data_class
    return said


def _mark_read(request: Request, opened: OpenRecord, note_ids: list[UUID]) -> None:
    request.after_read.append(
        partial(mark_objects_read, request.actor, opened.patient.pk, FeedKind.NOTE, note_ids)
    )


def _write_action(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, NOTE_WRITE, opened.record):
        return None
    return MainAction("Écrire une note", url=reverse("notes:write", args=[opened.record.pk]), icon="pencil")


def _tabs(record_id: UUID, page: queries.NotePage, asked: _Asked) -> tuple[Tab, ...]:
    url = reverse("notes:list", args=[record_id])
    counters = {NoteView.UNREAD: page.unread}
    return tuple(
        Tab(
            label=str(view.label),
            url=f"{url}{replace(asked, view=view).query}",
            counter=counters.get(view, 0),
            unread=view in counters,
            current=view == asked.view,
        )
        for view in NoteView
    )
