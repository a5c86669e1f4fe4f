"""Administration: pathways and their versions. Whoever administers reads; the deployment's administrator changes."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from terresante.directory.access import require_administration
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.questionnaires import archive, draft, pathway_actions, pathway_queries, places
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import (
    PATHWAY_MANAGE,
    PATHWAY_PUBLISH,
    PATHWAY_READ,
    PATHWAY_SIGN,
    manages_pathways,
    require_pathway_manager,
    signs_pathways,
)
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.pathway_forms import (
    BringForm,
    CopyForm,
    PublishForm,
    QuestionsEditor,
    TableEditor,
    TextsEditor,
)

# Of a draft, what its screen edits; the address's word → its title.
PARTS = {
    places.QUESTIONS: "Questions",
    places.THRESHOLDS: "Seuils",
    places.SCHEDULE: "Calendrier",
    places.TEXTS: "Textes",
    places.FILES: "Fichiers",
}
_TABLES = {places.THRESHOLDS: draft.RULES, places.SCHEDULE: draft.SCHEDULE}
# What an editor refuses, whatever it is.
Refusal = Invalid | Conflict


@require_safe
@reads(PATHWAY_READ)
def list_pathways(request: Request) -> HttpResponse:
    require_administration(request.actor)
    shown = {
        "pathways": pathway_queries.pathways(request.actor),
        "form": BringForm(),
        "manages": manages_pathways(request.actor),
    }
    return render(request, "questionnaires/pathways.html", shown)


@require_POST
@writes(PATHWAY_MANAGE)
def bring(request: Request) -> HttpResponse:
    """A folder in a zip, or a Bundle: it becomes a draft, whose page says its mistakes."""
    require_pathway_manager(request.actor)
    form = BringForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            row = pathway_actions.bring(request.actor, _files_of(form.cleaned_data["file"]))
        except (Invalid, Conflict) as error:
            form.show(error)
        else:
            messages.success(request, "Le parcours est importé comme brouillon.")
            return redirect("pathways:version", row.pk)
    shown = {"pathways": pathway_queries.pathways(request.actor), "form": form, "manages": True}
    return render(request, "questionnaires/pathways.html", shown, status=422)


def _files_of(content: bytes) -> dict[str, str]:
    try:
        if content[:4] == b"PK\x03\x04":
            return archive.unzipped(content)
        return dict(engine.from_bundle(json.loads(content.decode("utf-8-sig"))))
    except archive.Unreadable as error:
        raise Invalid(str(error)) from error
    except engine.PathwayError as error:
        raise Invalid(f"Ce Bundle ne fait pas un parcours. {error.mistakes[0].what}") from error
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("Ce fichier n’est ni une archive zip, ni un Bundle FHIR en JSON.") from error


@require_safe
@reads(PATHWAY_READ)
def show_pathway(request: Request, pathway_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    shown = {
        "shown": pathway_queries.pathway(request.actor, pathway_id),
        "manages": manages_pathways(request.actor),
    }
    return render(request, "questionnaires/pathway.html", shown)


@require_safe
@reads(PATHWAY_READ)
def show_version(request: Request, version_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    return _version_page(request, version_id)


def _version_page(request: Request, version_id: UUID, **forms: Any) -> HttpResponse:
    shown = pathway_queries.version_shown(request.actor, version_id)
    mine = [one for one in shown.signatures if one.organization_id == request.actor.organization_id]
    context = {
        "shown": shown,
        "version": shown.version,
        "parts": PARTS,
        "manages": manages_pathways(request.actor),
        "signs": signs_pathways(request.actor) and shown.version.status == "published" and not mine,
        "publish_form": PublishForm(initial={"note": shown.version.note}),
        "copy_form": CopyForm(),
        **forms,
    }
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render(request, "questionnaires/version.html", context, status=status)


@require_safe
@reads(PATHWAY_READ)
def export(request: Request, version_id: UUID, file_format: str) -> HttpResponse:
    """`zip`: its folder; `fhir`: a Bundle of its PlanDefinition and Questionnaires. A draft that is readable, too."""
    require_administration(request.actor)
    row = access.get(request.actor, PATHWAY_READ, PathwayVersion, version_id, related=("pathway",))
    name = f"{row.pathway.code}-v{row.number}"
    if file_format == "zip":
        answer = HttpResponse(archive.zipped(row.files, row.pathway.code), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
        return answer
    if file_format != "fhir":
        raise NotFound
    try:
        said = engine.bundle(row.read())
    except engine.PathwayError as error:
        raise Conflict("Ce brouillon a des erreurs : corrigez-les avant de l’exporter en FHIR.") from error
    answer = HttpResponse(
        json.dumps(said, ensure_ascii=False, indent=2), content_type="application/fhir+json; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer


@require_POST
@writes(PATHWAY_MANAGE)
def clone(request: Request, version_id: UUID) -> HttpResponse:
    row = pathway_actions.clone(request.actor, version_id)
    messages.success(request, f"Le brouillon de la version {row.number} est prêt.")
    return redirect("pathways:version", row.pk)


@require_POST
@writes(PATHWAY_MANAGE)
def copy(request: Request, version_id: UUID) -> HttpResponse:
    require_pathway_manager(request.actor)
    form = CopyForm(request.POST)
    if form.is_valid():
        try:
            row = pathway_actions.copy_as(request.actor, version_id, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            form.show(error)
        else:
            messages.success(request, "Le nouveau parcours est prêt, comme brouillon.")
            return redirect("pathways:version", row.pk)
    return _version_page(request, version_id, copy_form=form)


@require_POST
@writes(PATHWAY_MANAGE)
def abandon(request: Request, version_id: UUID) -> HttpResponse:
    pathway = pathway_actions.abandon_draft(request.actor, version_id)
    messages.success(request, "Le brouillon est abandonné.")
    return redirect("pathways:one", pathway.pk)


@require_POST
@writes(PATHWAY_PUBLISH)
def publish(request: Request, version_id: UUID) -> HttpResponse:
    require_pathway_manager(request.actor)
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            row = pathway_actions.publish(request.actor, version_id, note=form.cleaned_data["note"])
        except (Invalid, Conflict) as error:
            form.show(error)
        else:
            messages.success(
                request, f"La version {row.number} est publiée. Les suivis en cours gardent la leur."
            )
            return redirect("pathways:version", row.pk)
    return _version_page(request, version_id, publish_form=form)


@require_POST
@writes(PATHWAY_SIGN)
def sign(request: Request, version_id: UUID) -> HttpResponse:
    row = pathway_actions.sign(request.actor, version_id)
    messages.success(request, f"Les seuils sont validés cliniquement par {row.organization_name}.")
    return redirect("pathways:version", version_id)


@require_POST
@writes(PATHWAY_PUBLISH)
def retire(request: Request, pathway_id: UUID) -> HttpResponse:
    pathway_actions.retire(request.actor, pathway_id)
    messages.success(request, "Le parcours n’est plus proposé. Les suivis en cours vont à leur terme.")
    return redirect("pathways:one", pathway_id)


@writes(PATHWAY_MANAGE)
def edit(request: Request, version_id: UUID, part: str) -> HttpResponse:
    """One part of a draft; what is saved is checked at once, and its mistakes are said on the same page.

    What is refused stays as it was typed, and so does the moment at which the page was read: the work of somebody else
    is not overwritten at the second try.
    """
    require_pathway_manager(request.actor)
    row = access.get(request.actor, PATHWAY_MANAGE, PathwayVersion, version_id, related=("pathway",))
    if part not in PARTS:
        raise NotFound
    refused: Refusal | None = None
    if request.method == "POST":
        try:
            seen = parse_datetime(request.POST.get("seen", ""))
            if seen is None:
                raise Conflict("La page est ancienne : rechargez-la, puis recommencez.")
            files = _EDITED[part](request, row)
            pathway_actions.save_draft(request.actor, version_id, files=files, seen=seen)
        except (Invalid, Conflict) as error:
            refused = error
        except archive.Unreadable as error:
            refused = Invalid(str(error))
        else:
            messages.success(request, "Le brouillon est enregistré.")
            return redirect(request.get_full_path())
    return _edited_page(request, row, part, refused)


def _edited_page(request: Request, row: PathwayVersion, part: str, refused: Refusal | None) -> HttpResponse:
    placed = pathway_queries.placed(row)
    wrong = getattr(refused, "fields", {})
    if refused is None:
        here = [one for one in placed if one.place.part == part and not one.mistake.is_warning]
        wrong = {one.place.field: one.beside for one in reversed(here)}
    shown = _shown_part(request, row, part, sent=refused is not None, wrong=wrong)
    context = {
        "version": row,
        "part": part,
        "title": PARTS[part],
        "parts": PARTS,
        "seen": row.changed_at.isoformat() if refused is None else request.POST.get("seen", ""),
        "error": refused.sentence if refused is not None else "",
        "refused": shown["questions"].refused if "questions" in shown else (),
        "placed": placed,
        **shown,
    }
    return render(request, "questionnaires/edit.html", context, status=200 if refused is None else 422)


def _shown_part(
    request: Request, row: PathwayVersion, part: str, *, sent: bool, wrong: Mapping[str, str]
) -> dict[str, Any]:
    posted = request.POST if sent else None
    if part in _TABLES:
        return {"table": TableEditor(row.files, _TABLES[part], posted, wrong)}
    if part == places.TEXTS:
        return {"texts": TextsEditor(row.files, posted, wrong)}
    if part == places.QUESTIONS:
        return {"questions": QuestionsEditor(row.files, posted, wrong)}
    name = request.GET.get("fichier", "") or archive.ABOUT
    content = request.POST.get("content", "") if sent else row.files.get(name, "")
    shown = {"file_name": name, "content": content, "file_names": sorted({*row.files, name})}
    return {**shown, "line": _line(request, content)}


def _line(request: Request, content: str) -> tuple[int, str] | None:
    """The line that a mistake leads to: a text of a page has no address of its own."""
    asked = request.GET.get("ligne", "")
    lines = content.splitlines()
    number = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked) else 0
    return (number, lines[number - 1].strip()[:200]) if 0 < number <= len(lines) else None


def _edited_questions(request: Request, row: PathwayVersion) -> dict[str, str]:
    """Raises Invalid, with a sentence beside each field."""
    editor = QuestionsEditor(row.files, request.POST)
    if wrong := editor.mistakes():
        raise Invalid(
            "Ce que vous avez écrit est gardé ci-dessous : corrigez, puis enregistrez.", fields=wrong
        )
    return editor.files(row.files)


def _edited_table(request: Request, row: PathwayVersion, part: str) -> dict[str, str]:
    return TableEditor(row.files, _TABLES[part], request.POST).files(row.files)


def _edited_file(request: Request, row: PathwayVersion) -> dict[str, str]:
    """An emptied file is taken away; `pathway.toml` stays."""
    name = request.GET.get("fichier", "") or archive.ABOUT
    content = request.POST.get("content", "").replace("\r\n", "\n")
    others = {key: text for key, text in row.files.items() if key != name}
    return {**others, name: content} if content.strip() or name == archive.ABOUT else others


_EDITED: dict[str, Callable[[Request, PathwayVersion], dict[str, str]]] = {
    places.QUESTIONS: _edited_questions,
    places.THRESHOLDS: lambda request, row: _edited_table(request, row, places.THRESHOLDS),
    places.SCHEDULE: lambda request, row: _edited_table(request, row, places.SCHEDULE),
    places.TEXTS: lambda request, row: TextsEditor(row.files, request.POST).files(row.files),
    places.FILES: _edited_file,
}
