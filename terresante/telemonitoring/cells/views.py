"""Administration: the cells of a structure, their hours, who is called when nobody takes an alert."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from terresante.directory.access import MEMBERS_MANAGE, require_administration
from terresante.directory.enums import Duty
from terresante.directory.models import Organization
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.telemonitoring.alerts.access import CELL_MANAGE
from terresante.telemonitoring.cells import hours
from terresante.telemonitoring.cells.actions import CellEntry, add_cell, change_cell
from terresante.telemonitoring.cells.forms import CellForm, initial_of
from terresante.telemonitoring.cells.queries import cells_managed, people_of, places_managed
from terresante.telemonitoring.models import Cell


@require_safe
@reads(CELL_MANAGE)
def cells(request: Request) -> HttpResponse:
    require_administration(request.actor)
    words = request.GET.get("q", "").strip()[:100]
    now = timezone.now()
    found = [(cell, hours.told(cell, now)) for cell in cells_managed(request.actor)]
    places = (
        places_managed(request.actor, words)
        if words or not request.actor.has_duty(Duty.ADMINISTRATOR)
        else []
    )
    return render(request, "telemonitoring/cells.html", {"cells": found, "places": places, "words": words})


@writes(CELL_MANAGE)
def new_cell(request: Request, organization_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    place = access.get(request.actor, MEMBERS_MANAGE, Organization, organization_id)
    form = CellForm(request.POST or None, people=_people(place.pk))
    if request.method == "POST" and form.is_valid():
        try:
            add_cell(request.actor, place.pk, entry=_entry(form.cleaned_data))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "La cellule est ouverte.")
            return redirect("board:cells")
    return _form(request, form, place, None)


@writes(CELL_MANAGE)
def cell(request: Request, cell_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    found = access.get(request.actor, CELL_MANAGE, Cell, cell_id, related=("organization",))
    form = CellForm(request.POST or None, people=_people(found.organization_id), initial=initial_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_cell(request.actor, cell_id, entry=_entry(form.cleaned_data))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Les changements prennent effet tout de suite.")
            return redirect("board:cells")
    return _form(request, form, found.organization, found)


def _form(request: Request, form: CellForm, place: Organization, found: Cell | None) -> HttpResponse:
    context = {"form": form, "place": place, "cell": found}
    return render(request, "telemonitoring/cell.html", context, status=form_status(form))


def _people(organization_id: UUID) -> list[tuple[str, str]]:
    return [(str(key), name) for key, name in people_of(organization_id)]


def _entry(said: dict[str, Any]) -> CellEntry:
    told = dict(said)
    second, physician = told.pop("second_level"), told.pop("physician")
    return CellEntry(
        **told,
        second_level_id=UUID(second) if second else None,
        physician_id=UUID(physician) if physician else None,
    )
