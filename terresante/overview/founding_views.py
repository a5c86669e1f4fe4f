"""A person who refuses that any record be made, or takes it back: said before there is a record to say it in."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.care_team import actions
from terresante.care_team.access import CREATION_ALLOW, CREATION_OPPOSE
from terresante.care_team.forms import ProofForm
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import asked_key
from terresante.kernel.screens import Request, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.overview.forms import PatientForm


@writes(CREATION_OPPOSE)
def oppose_creation(request: Request) -> HttpResponse:
    traits = _traits(request)
    form = _proof(request)
    if form.is_bound and form.is_valid():
        try:
            actions.oppose_creation(
                request.actor,
                traits=traits.traits,
                proof=form.cleaned_data["proof"],
                patient_id=_known(request),
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "L’opposition est enregistrée : aucun dossier ne sera créé.")
            return redirect("overview:home")
    return _shown(request, traits, form, withdraws=False)


@writes(CREATION_ALLOW)
def allow_creation(request: Request) -> HttpResponse:
    traits = _traits(request)
    known = _known(request)
    if known is None:
        raise NotFound
    form = _proof(request)
    if form.is_bound and form.is_valid():
        try:
            actions.allow_creation(request.actor, known, proof=form.cleaned_data["proof"])
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Le retrait est enregistré : un dossier peut être créé.")
            return redirect("overview:new_patient")
    return _shown(request, traits, form, withdraws=True)


def _traits(request: Request) -> PatientForm:
    """What was typed and read again on the page before; nobody comes here otherwise."""
    form = PatientForm(request.POST or None)
    if not form.is_valid():
        raise Invalid("Saisissez d’abord l’identité de la personne.")
    return form


def _proof(request: Request) -> ProofForm:
    """Bound once its own page was sent, not when the page before leads to it."""
    return ProofForm(request.POST if "confirm" in request.POST else None)


def _known(request: Request) -> UUID | None:
    text = request.POST.get("known", "")
    return asked_key(text) if text else None


def _shown(request: Request, traits: PatientForm, form: forms.Form, *, withdraws: bool) -> HttpResponse:
    context = {
        "traits": traits,
        "form": form,
        "known": request.POST.get("known", ""),
        "withdraws": withdraws,
    }
    return render(request, "overview/oppose_creation.html", context, status=form_status(form))
