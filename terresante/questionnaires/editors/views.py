"""The screens of a draft: one part at a time, checked as soon as it is saved."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime

from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, writes
from terresante.questionnaires import archive, pathway_actions, pathway_queries, places
from terresante.questionnaires.access import PATHWAY_MANAGE, require_pathway_manager
from terresante.questionnaires.editors.framing import FramingEditor
from terresante.questionnaires.editors.rules import RulesEditor
from terresante.questionnaires.editors.schedule import ScheduleEditor
from terresante.questionnaires.editors.scores import ScoresEditor, trial
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.pathway_forms import NOTHING, QuestionsEditor, TextsEditor

# What an editor refuses, whatever it is.
Refusal = Invalid | Conflict
Sent = Mapping[str, Any] | None
_KEPT = "Ce que vous avez écrit est gardé ci-dessous : corrigez, puis enregistrez."


def _base(row: PathwayVersion) -> Mapping[str, str] | None:
    return row.based_on.files if row.based_on is not None else None


# Part → the name of its editor in its template, and how it is made of what is kept or sent.
_EDITORS: dict[str, tuple[str, Callable[[PathwayVersion, Sent, Mapping[str, str]], Any]]] = {
    places.FRAMING: ("framing", lambda row, sent, wrong: FramingEditor(row.files, sent, wrong)),
    places.QUESTIONS: ("questions", lambda row, sent, wrong: QuestionsEditor(row.files, sent, wrong)),
    places.THRESHOLDS: ("rules", lambda row, sent, wrong: RulesEditor(row.files, sent, wrong, _base(row))),
    places.SCORES: (
        "scores",
        lambda row, sent, wrong: ScoresEditor(row.files, sent, wrong, _base(row) or {}),
    ),
    places.SCHEDULE: ("schedule", lambda row, sent, wrong: ScheduleEditor(row.files, sent, wrong)),
    places.TEXTS: ("texts", lambda row, sent, wrong: TextsEditor(row.files, sent, wrong)),
}


@writes(PATHWAY_MANAGE)
def edit(request: Request, version_id: UUID, part: str) -> HttpResponse:
    """One part of a draft; what is saved is checked at once, and its mistakes are said on the same page.

    What is refused stays as it was typed, and so does the moment at which the page was read: the work of somebody else
    is not overwritten at the second try. `essai` tries scores as they are typed, and saves nothing.
    """
    require_pathway_manager(request.actor)
    related = ("pathway", "based_on")
    row = access.get(request.actor, PATHWAY_MANAGE, PathwayVersion, version_id, related=related)
    if part not in places.PARTS:
        raise NotFound
    refused: Refusal | None = None
    if request.method == "POST":
        try:
            files = _edited(request, row, part)
            if "essai" in request.POST:
                return _tried_page(request, row, files)
            seen = parse_datetime(request.POST.get("seen", ""))
            if seen is None:
                raise Conflict("La page est ancienne : rechargez-la, puis recommencez.")
            pathway_actions.save_draft(request.actor, version_id, files=files, seen=seen)
        except (Invalid, Conflict) as error:
            refused = error
        except archive.Unreadable as error:
            refused = Invalid(str(error))
        else:
            messages.success(request, "Le brouillon est enregistré.")
            return redirect(request.get_full_path())
    return _edited_page(request, row, part, refused)


def _edited(request: Request, row: PathwayVersion, part: str) -> dict[str, str]:
    """Raises Invalid, with a sentence beside each field; Unreadable."""
    if part == places.FILES:
        return _edited_file(request, row)
    _, made = _EDITORS[part]
    editor = made(row, request.POST, NOTHING)
    wrong: Mapping[str, str] = editor.mistakes() if hasattr(editor, "mistakes") else NOTHING
    if wrong:
        raise Invalid(_KEPT, fields=wrong)
    files: dict[str, str] = editor.files(row.files)
    return files


def _edited_page(request: Request, row: PathwayVersion, part: str, refused: Refusal | None) -> HttpResponse:
    placed = pathway_queries.placed(row)
    wrong = getattr(refused, "fields", {})
    if refused is None:
        wrong = _beside(placed, part)
    sent = request.POST if refused is not None else None
    shown = _shown_file(request, row, sent) if part == places.FILES else _shown_part(row, part, sent, wrong)
    if part == places.SCORES:
        first = next((name for name, _ in shown["scores"].forms), "")
        shown["trial"] = trial(row.files, request.GET.get("essai", "") or first, None)
    editor = shown.get(_EDITORS[part][0]) if part in _EDITORS else None
    context = {
        "seen": row.changed_at.isoformat() if refused is None else request.POST.get("seen", ""),
        "error": refused.sentence if refused is not None else "",
        "refused": getattr(editor, "refused", ()) if refused is not None else (),
        "placed": placed,
        **shown,
    }
    return _page(request, row, part, context, status=200 if refused is None else 422)


def _tried_page(request: Request, row: PathwayVersion, files: Mapping[str, str]) -> HttpResponse:
    """The scores as they are typed, and what they give; nothing is saved."""
    placed = pathway_queries.placed_in(files)
    context = {
        "seen": request.POST.get("seen", ""),
        "placed": placed,
        "trial": trial(files, request.POST["essai"], dict(request.POST.lists())),
        **_shown_part(row, places.SCORES, request.POST, _beside(placed, places.SCORES)),
    }
    return _page(request, row, places.SCORES, context)


def _page(
    request: Request, row: PathwayVersion, part: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    named = {"version": row, "part": part, "title": places.PARTS[part], "parts": places.PARTS}
    return render(request, "questionnaires/edit.html", {**named, **context}, status=status)


def _beside(placed: list[pathway_queries.Placed], part: str) -> dict[str, str]:
    """Field → its mistake; the first one, of several."""
    here = [one for one in placed if one.place.part == part and not one.mistake.is_warning]
    return {one.place.field: one.beside for one in reversed(here)}


def _shown_part(row: PathwayVersion, part: str, sent: Sent, wrong: Mapping[str, str]) -> dict[str, Any]:
    name, made = _EDITORS[part]
    return {name: made(row, sent, wrong)}


def _shown_file(request: Request, row: PathwayVersion, sent: Sent) -> dict[str, Any]:
    name = request.GET.get("fichier", "") or archive.ABOUT
    content = row.files.get(name, "") if sent is None else str(sent.get("content", ""))
    shown = {"file_name": name, "content": content, "file_names": sorted({*row.files, name})}
    return {**shown, "line": _line(request, content)}


def _line(request: Request, content: str) -> tuple[int, str] | None:
    """The line that a mistake leads to: a text of a page has no address of its own."""
    asked = request.GET.get("ligne", "")
    lines = content.splitlines()
    number = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked) else 0
    return (number, lines[number - 1].strip()[:200]) if 0 < number <= len(lines) else None


def _edited_file(request: Request, row: PathwayVersion) -> dict[str, str]:
    """An emptied file is taken away; `pathway.toml` stays."""
    name = request.GET.get("fichier", "") or archive.ABOUT
    content = request.POST.get("content", "").replace("\r\n", "\n")
    others = {key: text for key, text in row.files.items() if key != name}
    return {**others, name: content} if content.strip() or name == archive.ABOUT else others
