"""The link and the code of who answers without an account: made, shown once, printed, closed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_POST

from terresante.accounts.codes import code_hash, link_hash
from terresante.care_team.queries import OpenRecord, read_record
from terresante.kernel import access, printing
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Answer, Request, reads, record_page, writes
from terresante.kernel.ui import wording
from terresante.telemonitoring import queries
from terresante.telemonitoring.access import FOLLOW_UP_MANAGE, FOLLOW_UP_READ, LINK_MAKE
from terresante.telemonitoring.answering.links import Secrets, address_of
from terresante.telemonitoring.course import link_actions, notices
from terresante.telemonitoring.forms import CarerForm, LinkForm
from terresante.telemonitoring.models import FollowUp

TAB = "telemonitoring"


@require_POST
@writes(LINK_MAKE)
def make_link(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    """The code is shown once, on this answer: it is kept as a digest."""
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    form = LinkForm(request.POST)
    if not form.is_valid():
        raise Invalid("Ce numéro n’est pas lisible : écrivez dix chiffres.")
    secrets = link_actions.make_link(request.actor, record_id, follow_up_id, phone=form.cleaned_data["phone"])
    follow_up = follow_up_of(request, opened, LINK_MAKE, follow_up_id)
    return secrets_page(request, opened, follow_up, secrets)


@require_POST
@writes(FOLLOW_UP_MANAGE)
def name_carer(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    form = CarerForm(request.POST, carers=link_actions.carers_of(request.actor, _patient(request, record_id)))
    if not form.is_valid():
        raise Invalid("Choisissez un proche de la liste.")
    named = link_actions.name_carer(request.actor, record_id, follow_up_id, carer_id=form.carer_id)
    told = (
        f"{named.carer_name} répond depuis son compte."
        if named.carer_name
        else "La personne répond elle-même."
    )
    messages.success(request, told)
    return redirect("telemonitoring:one", record_id, follow_up_id)


def _patient(request: Request, record_id: UUID) -> UUID:
    return read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE).patient.pk


@require_POST
@writes(LINK_MAKE)
def revoke_link(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    link_actions.revoke_link(request.actor, record_id, follow_up_id)
    messages.success(request, "Le lien est fermé : il ne répond plus.")
    return redirect("telemonitoring:one", record_id, follow_up_id)


@require_POST
@reads(LINK_MAKE)
def print_notice(request: Request, record_id: UUID, follow_up_id: UUID) -> Answer:
    """The sheet that is given by hand. Its two secrets come from the page that showed them: nothing keeps them."""
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_READ)
    follow_up = follow_up_of(request, opened, LINK_MAKE, follow_up_id)
    link = queries.link_of(request.actor, follow_up)
    token, code = request.POST.get("token", ""), request.POST.get("code", "")
    if link is None or not (
        constant_time_compare(link.token_hash, link_hash(token))
        and constant_time_compare(link.code_hash, code_hash(link.pk, code))
    ):
        raise Conflict("Ce lien a changé depuis : faites-en un nouveau, puis imprimez sa fiche.")
    told = notices.sheet(opened.patient, follow_up, url=address_of(token), code=code)
    return printing.given(
        "telemonitoring/notice.typ", told, title="Votre suivi à domicile", name="fiche-suivi.pdf"
    )


def secrets_page(request: Request, opened: OpenRecord, follow_up: FollowUp, secrets: Secrets) -> HttpResponse:
    context = {
        "follow_up": follow_up,
        "one": queries.shown(follow_up),
        "secrets": secrets,
        "token": secrets.url.rstrip("/").rpartition("/")[2],
        "sent_to": wording.phone(secrets.link.sent_to),
    }
    return record_page(request, "telemonitoring/secrets.html", opened, context, tab=TAB)


def follow_up_of(request: Request, opened: OpenRecord, action: Action, follow_up_id: UUID) -> FollowUp:
    found = access.get(
        request.actor, action, FollowUp, follow_up_id, related=("cell__organization", "version__pathway")
    )
    if found.record_id != opened.record.pk:
        raise NotFound
    return found
