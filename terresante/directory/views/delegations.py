from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from terresante.directory.access import DELEGATION_END, DELEGATION_GIVE, gives_delegations
from terresante.directory.actions.delegations import DelegationEntry, end_delegation, give_delegation
from terresante.directory.forms import DelegationForm
from terresante.directory.queries.delegations import delegations_of, secretaries_here
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, writes
from terresante.kernel.ui.forms import form_status, show_error


@writes(DELEGATION_GIVE)
def delegations(request: Request) -> HttpResponse:
    actor = request.actor
    form = DelegationForm(request.POST or None, secretaries=secretaries_here(actor))
    if request.method == "POST" and form.is_valid():
        try:
            given = give_delegation(actor, entry=DelegationEntry(**form.cleaned_data))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, f"{given.secretary.full_name} agit pour vous : vous êtes tous deux prévenus."
            )
            return redirect("directory:delegations")
    context = {"mine": delegations_of(actor), "form": form, "gives": gives_delegations(actor)}
    return render(request, "directory/delegations.html", context, status=form_status(form))


@require_POST
@writes(DELEGATION_END)
def end(request: Request, desk_id: UUID) -> HttpResponse:
    end_delegation(request.actor, desk_id)
    messages.success(request, "La délégation est terminée : l’accès s’est fermé aussitôt.")
    return redirect("directory:delegations")
