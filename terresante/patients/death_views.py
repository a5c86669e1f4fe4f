"""A death that the identity desk clears, from the page of the identity."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from terresante.kernel.errors import Invalid
from terresante.kernel.screens import Request, writes
from terresante.kernel.ui.forms import show_error
from terresante.patients import death_actions as actions
from terresante.patients.access import IDENTITY_CLEAR_DEATH
from terresante.patients.forms import DeathForm
from terresante.patients.views import identity_page


@require_POST
@writes(IDENTITY_CLEAR_DEATH)
def clear(request: Request, patient_id: UUID) -> HttpResponse:
    form = DeathForm(request.POST)
    if form.is_valid():
        try:
            actions.clear_death(request.actor, patient_id, reason=form.cleaned_data["reason"])
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Le décès est effacé.")
            return redirect("patients:identity", patient_id)
    return identity_page(request, patient_id, death_form=form)
