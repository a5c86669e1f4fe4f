"""Administration: pathways and their versions. Whoever administers reads; the deployment's administrator changes."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.directory.access import require_administration
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.questionnaires import archive, pathway_actions, pathway_queries, places
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
)


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
            show_error(form, error)
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
        "parts": places.PARTS,
        "manages": manages_pathways(request.actor),
        "signs": signs_pathways(request.actor) and shown.version.status == "published" and not mine,
        "publish_form": PublishForm(initial={"note": shown.version.note}),
        "copy_form": CopyForm(),
        **forms,
    }
    return render(request, "questionnaires/version.html", context, status=form_status(*forms.values()))


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
            show_error(form, error)
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
            show_error(form, error)
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
