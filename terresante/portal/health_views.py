"""The person's own health record and emergency sheet, apart from her other pages."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from terresante.care_team.access import decides_for_patient
from terresante.care_team.queries import open_record
from terresante.health_record import actions, queries
from terresante.health_record.access import HEALTH_DECLARE, HEALTH_READ, HEALTH_TAKE_BACK
from terresante.home_care.access import HOME_READ, OWN_HOME_WRITE
from terresante.home_care.actions import say_access
from terresante.home_care.forms import HomeForm, written
from terresante.home_care.queries import access_in_force, lines_of
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Answer, Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.translation import later
from terresante.overview import sheet_queries
from terresante.overview.access import EMERGENCY_SHEET_PRINT, EMERGENCY_SHEET_READ
from terresante.portal.health_forms import DECLARED
from terresante.portal.queries import founded_record_id, read_founded_record, read_own_record

# How each declaration is asked for; what is not here is a professional's to write.
_TITLES = {
    "allergies": later("Dire une allergie"),
    "traitements": later("Dire un traitement"),
    "mesures": later("Noter une mesure"),
    "directives": later("Dire ce que je souhaite"),
}


@reads(HEALTH_READ)
def health(request: Request) -> HttpResponse:
    """What is known of her health, who said it, and what she may add."""
    opened = read_own_record(request.actor, action=HEALTH_READ)
    sections = queries.sections(request.actor, opened.patient.pk) if opened else []
    herself = "patient" if request.actor.kind == ActorKind.PATIENT else "representative"
    declares = decides_for_patient(request.actor)
    shown = {"opened": opened, "sections": sections, "declares": declares, "herself": herself}
    return render(request, "portal/health.html", shown)


@writes(HEALTH_DECLARE)
def declare(request: Request, kind: str) -> HttpResponse:
    record_id = founded_record_id(request.actor)
    if kind not in DECLARED:
        raise NotFound
    form = DECLARED[kind](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.declare_line(request.actor, record_id, said=form.declared(request.actor))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, gettext("C’est noté. Votre équipe le lit comme dit par vous."))
            return redirect("portal:health")
    opened = read_own_record(request.actor, action=HEALTH_DECLARE)
    shown = {"opened": opened, "form": form, "kind": kind, "heading": _TITLES[kind]}
    return render(request, "portal/declare.html", shown, status=form_status(form))


@writes(HEALTH_TAKE_BACK)
def take_back(request: Request, kind: str, line_id: UUID) -> HttpResponse:
    record_id, asked = founded_record_id(request.actor), queries.kind_of(kind)
    if request.method == "POST":
        try:
            actions.take_back_declaration(
                request.actor, record_id, line_id, model=asked.model, slug=asked.slug
            )
        except Conflict as error:
            messages.warning(request, error.sentence)
        else:
            messages.success(
                request, gettext("C’est retiré. Votre équipe ne le lit plus comme dit par vous.")
            )
    return redirect("portal:health")


@reads(HOME_READ)
def home_access(request: Request) -> HttpResponse:
    """How one gets in at her home, as her team and an emergency read it."""
    opened = read_own_record(request.actor, action=HOME_READ)
    row = access_in_force(request.actor, opened.patient.pk) if opened else None
    decides = decides_for_patient(request.actor)
    shown = {"opened": opened, "row": row, "lines": lines_of(row), "decides": decides}
    return render(request, "portal/home_access.html", shown)


@writes(OWN_HOME_WRITE)
def write_home_access(request: Request) -> HttpResponse:
    opened = read_founded_record(request.actor, action=OWN_HOME_WRITE)
    row = access_in_force(request.actor, opened.patient.pk)
    form = HomeForm(request.POST or None, initial=written(row))
    if request.method == "POST" and form.is_valid():
        try:
            say_access(request.actor, opened.record.pk, said=form.said(), seen=form.cleaned_data["seen"])
        except (Invalid, Conflict) as error:
            form.show_beside(error, access_in_force(request.actor, opened.patient.pk))
        else:
            messages.success(
                request, gettext("C’est noté. L’équipe et la fiche d’urgence le disent maintenant.")
            )
            return redirect("portal:home_access")
    return render(request, "portal/write_home_access.html", {"form": form}, status=form_status(form))


@reads(EMERGENCY_SHEET_READ)
def emergency_sheet(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=EMERGENCY_SHEET_READ)
    sheet = sheet_queries.read_sheet(request.actor, opened) if opened else None
    return render(request, "portal/emergency_sheet.html", {"opened": opened, "sheet": sheet})


@reads(EMERGENCY_SHEET_PRINT)
def print_emergency_sheet(request: Request) -> Answer:
    opened = open_record(request.actor, founded_record_id(request.actor), action=EMERGENCY_SHEET_PRINT)
    return sheet_queries.paper(request.actor, opened)
