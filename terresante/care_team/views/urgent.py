from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from terresante.care_team import queries
from terresante.care_team.access import (
    BREAK_GLASS_EXPLAIN,
    BREAK_GLASS_OPEN,
    BREAK_GLASS_REVIEW,
    RECORD_SEARCH,
    REFUSALS_READ,
    SAMU_OPEN,
)
from terresante.care_team.actions import urgent as actions
from terresante.care_team.enums import Consequence, ReviewOutcome
from terresante.care_team.forms import EmergencyForm, ExplanationForm, ReviewForm
from terresante.care_team.models import EmergencyAccess
from terresante.care_team.queries import log
from terresante.care_team.queries import urgent as asked
from terresante.care_team.queries.urgent import EmergencyIdentity
from terresante.kernel import access, audit
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.patients.queries import namesakes

# What opens after break-glass; the strip of the record says what this access is.
_RECORD_PAGE = "overview:record"
_COUNTED = timedelta(days=365)


@writes(BREAK_GLASS_OPEN)
def break_glass(request: Request, patient_id: UUID) -> HttpResponse:
    if request.actor.role not in actions.EMERGENCY_PROFESSIONS:
        raise Refused(actions.EMERGENCY_ONLY_FOR)
    person = asked.emergency_identity(patient_id)
    if person.patient_id != patient_id:
        return redirect("care_team:break_glass", person.patient_id)
    form = EmergencyForm(request.POST or None)
    opens = partial(actions.open_in_emergency, request.actor, patient_id)
    return _opened(request, patient_id, person, form, opens, "care_team/break_glass.html")


@writes(SAMU_OPEN)
def open_for_call(request: Request, patient_id: UUID) -> HttpResponse:
    if not actions.is_regulator(request.actor):
        raise Refused(actions.SAMU_ONLY_FOR)
    form = EmergencyForm(request.POST or None)
    form.fields["reason"].label = "L’appel pour lequel ce dossier est ouvert"
    opens = partial(actions.open_for_call, request.actor, patient_id)
    return _opened(
        request, patient_id, asked.emergency_identity(patient_id), form, opens, "care_team/samu.html"
    )


def _opened(
    request: Request,
    patient_id: UUID,
    person: EmergencyIdentity,
    form: EmergencyForm,
    opens: Callable[..., object],
    template: str,
) -> HttpResponse:
    """Who reads this record already goes straight to it."""
    if form.is_bound and form.is_valid():
        try:
            opens(reason=form.cleaned_data["reason"])
        except Invalid as error:
            show_error(form, error)
        else:
            return redirect(_RECORD_PAGE, person.record_id)
    elif queries.reaches_patient(request.actor, patient_id):
        return redirect(_RECORD_PAGE, person.record_id)
    audit.note_read(RECORD_SEARCH, patient_id=patient_id)
    context = {"person": person, "form": form, "warning": namesakes([patient_id]).get(patient_id, "")}
    return render(request, template, context, status=form_status(form))


@reads(BREAK_GLASS_REVIEW)
def emergencies(request: Request) -> HttpResponse:
    lines = asked.emergencies(request.actor)
    shown = {
        "lines": lines,
        "late": sum(line.opened.is_late for line in lines),
        "counts": asked.emergency_counts(request.actor, since=timezone.now() - _COUNTED),
    }
    return render(request, "care_team/emergencies.html", shown)


@writes(BREAK_GLASS_REVIEW)
def review(request: Request, access_id: UUID) -> HttpResponse:
    line = asked.emergency(request.actor, access_id)
    form = ReviewForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            actions.review_emergency(
                request.actor,
                access_id,
                outcome=ReviewOutcome(form.cleaned_data["outcome"]),
                note=form.cleaned_data["note"],
                consequence=form.chosen_consequence,
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "L’examen est enregistré. La personne en lit le résultat dans son espace."
            )
            return redirect("care_team:emergencies")
    shown = {"line": line, "form": form, "withdrawn": Consequence.WITHDRAWN}
    return render(request, "care_team/review.html", shown, status=form_status(form))


@writes(BREAK_GLASS_REVIEW)
def give_back(request: Request, access_id: UUID) -> HttpResponse:
    if request.method == "POST":
        actions.give_back_emergency(request.actor, access_id)
        messages.success(request, "Le professionnel peut de nouveau ouvrir un dossier en urgence.")
    return redirect("care_team:review", access_id)


@reads(BREAK_GLASS_EXPLAIN)
def own_emergencies(request: Request) -> HttpResponse:
    return render(
        request, "care_team/own_emergencies.html", {"accesses": asked.own_emergencies(request.actor)}
    )


@writes(BREAK_GLASS_EXPLAIN)
def explain(request: Request, access_id: UUID) -> HttpResponse:
    opened = access.get(request.actor, BREAK_GLASS_EXPLAIN, EmergencyAccess, access_id)
    form = ExplanationForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            actions.explain_emergency(request.actor, access_id, explanation=form.cleaned_data["explanation"])
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Votre explication est transmise au délégué à la protection des données."
            )
            return redirect("care_team:own_emergencies")
    shown = {"opened": opened, "form": form}
    return render(request, "care_team/explain.html", shown, status=form_status(form))


@reads(REFUSALS_READ)
def refusals(request: Request) -> HttpResponse:
    return render(request, "care_team/refusals.html", {"refusals": log.refusals(request.actor)})
