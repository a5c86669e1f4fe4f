"""Back office: those who asked for an account with a proof."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.directory.access import REGISTRATION_DECIDE, require_administration
from terresante.directory.actions import registration as actions
from terresante.directory.forms import RefusalForm
from terresante.directory.models import Registration
from terresante.directory.queries.registration import (
    examined,
    registrations_decided,
    registrations_waiting,
)
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes

PROOF_READ = Action("registration.proof_read", "Voir le justificatif d’une demande d’inscription")
_SHOWN = 50


@require_safe
@reads(REGISTRATION_DECIDE)
def registrations(request: Request) -> HttpResponse:
    require_administration(request.actor)
    waiting = registrations_waiting(request.actor)
    context = {
        "waiting": waiting[:_SHOWN],
        "total": waiting.count(),
        "most": _SHOWN,
        "decided": registrations_decided(request.actor)[:10],
    }
    return render(request, "directory/registrations.html", context)


@require_safe
@reads(REGISTRATION_DECIDE)
def registration(request: Request, registration_id: UUID) -> HttpResponse:
    asked = access.get(
        request.actor, REGISTRATION_DECIDE, Registration, registration_id, related=("organization",)
    )
    context = {"examined": examined(request.actor, asked), "form": RefusalForm()}
    return render(request, "directory/registration.html", context)


@require_safe
@reads(PROOF_READ)
def proof(request: Request, registration_id: UUID) -> HttpResponse:
    """The file as it was sent, never interpreted as a page of ours; each opening leaves its row."""
    asked = access.get(request.actor, REGISTRATION_DECIDE, Registration, registration_id)
    content = actions.proof_of(asked)
    if not content:
        raise NotFound
    audit.note_read(PROOF_READ, about=asked)
    extension = asked.proof_kind.rpartition("/")[2]
    response = HttpResponse(content, content_type=asked.proof_kind)
    response.headers["Content-Disposition"] = f'attachment; filename="justificatif.{extension}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
@writes(REGISTRATION_DECIDE)
def accept(request: Request, registration_id: UUID) -> HttpResponse:
    who = actions.accept_registration(request.actor, registration_id)
    messages.success(request, f"Le compte de {who.full_name} est ouvert : un lien lui est envoyé.")
    return redirect("directory:registrations")


@require_POST
@writes(REGISTRATION_DECIDE)
def refuse(request: Request, registration_id: UUID) -> HttpResponse:
    # Whose it is before what was written: else the answer tells that it exists.
    access.get(request.actor, REGISTRATION_DECIDE, Registration, registration_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        raise Invalid("Écrivez le motif du refus : la personne le reçoit par courriel.")
    actions.refuse_registration(request.actor, registration_id, reason=form.cleaned_data["reason"])
    messages.success(request, "La demande est refusée : la personne en reçoit le motif.")
    return redirect("directory:registrations")
