"""The contextual call, and the screens where partners and their keys are kept."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login as open_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from terresante.care_team.access import RECORD_READ
from terresante.care_team.actions import EMERGENCY_PROFESSIONS
from terresante.interop import partner_actions as actions
from terresante.interop.access import LAUNCH, PARTNER_MANAGE, require_administrator
from terresante.interop.fhir import actions as fhir_actions
from terresante.interop.fhir import capability
from terresante.interop.fhir.actions import AccessEntry
from terresante.interop.forms import ApiAccessForm, KeyForm, PartnerForm
from terresante.interop.models import Partner
from terresante.interop.queries import partners_with_keys
from terresante.kernel import access, audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.ports import PROVED_SITUATIONS_KEY, SITUATION_KEY, actor_behind
from terresante.kernel.screens import Request, public, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.patients.models import CareRecord
from terresante.patients.queries import namesakes


@csrf_exempt  # the form stands on the partner's page: the signed token, used once, is what says that it was wanted
@public(reason="Appel contextuel : le jeton signé du logiciel partenaire dit qui vient, et sert une fois")
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    try:
        arrival = actions.accept_launch(request.POST.get("token", ""))
        return _never_cached(_opened(request, arrival))
    except Refused as error:
        return _never_cached(render(request, "interop/launch.html", {"refused": error.sentence}, status=403))


def _opened(request: HttpRequest, arrival: actions.Arrival) -> HttpResponse:
    """The session is the professional's, as after a login; the record then follows the ordinary rules."""
    open_session(request, arrival.user)
    # A session that Pro Santé Connect opened before for the same person had limits of its own.
    request.session.pop(PROVED_SITUATIONS_KEY, None)
    request.session[SITUATION_KEY] = str(arrival.situation.role_id)
    actor = actor_behind(request)
    if actor is None:
        raise Refused(actions.NOBODY_KNOWN)
    with rls.acting(actor):
        audit.record(
            actor, LAUNCH, patient_id=arrival.patient_id, detail={"partner": str(arrival.partner.pk)}
        )
        record = _record_reached(actor, arrival.patient_id)
        warning = "".join(namesakes([arrival.patient_id] if arrival.patient_id else []).values())
    if record is not None:
        return redirect("overview:record", record.pk)
    context = {
        "arrival": arrival,
        "born": f"{arrival.traits.birth_date:%d/%m/%Y}",
        "opens_in_emergency": actor.role in EMERGENCY_PROFESSIONS,
        "warning": warning,
    }
    return render(request, "interop/launch.html", context)


def _record_reached(actor: Actor, patient_id: UUID | None) -> CareRecord | None:
    if patient_id is None:
        return None
    return access.list(actor, RECORD_READ, CareRecord).filter(patient_id=patient_id).first()


def _never_cached(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response


@writes(PARTNER_MANAGE)
def partners(request: Request) -> HttpResponse:
    require_administrator(request.actor)
    form = PartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            partner = actions.register_partner(request.actor, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Le logiciel est raccordé : ajoutez sa clé publique.")
            return redirect("interop:partner", partner.pk)
    context = {"partners": partners_with_keys(request.actor), "form": form}
    return render(request, "interop/partners.html", context, status=form_status(form))


@writes(PARTNER_MANAGE)
def partner(request: Request, partner_id: UUID) -> HttpResponse:
    require_administrator(request.actor)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_key(request.actor, partner_id, public_key=form.cleaned_data["public_key"])
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(
                request, "La clé est ajoutée ; les précédentes restent valables jusqu’à leur révocation."
            )
            return redirect("interop:partner", partner_id)
    return _partner_page(request, partner_id, form=form)


@writes(PARTNER_MANAGE)
def open_access(request: Request, partner_id: UUID) -> HttpResponse:
    """Shown on the partner's own page, and there again after a mistake."""
    require_administrator(request.actor)
    found = access.get(request.actor, PARTNER_MANAGE, Partner, partner_id)
    form = ApiAccessForm(found.organizations.order_by("name"), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fhir_actions.open_access(request.actor, partner_id, entry=AccessEntry(**form.cleaned_data))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "L’accès est ouvert : donnez son identifiant à l’éditeur.")
            return redirect("interop:partner", partner_id)
    return _partner_page(request, partner_id, access_form=form)


@require_POST
@writes(PARTNER_MANAGE)
def revoke_access(request: Request, partner_id: UUID, api_id: UUID) -> HttpResponse:
    fhir_actions.revoke_access(request.actor, partner_id, api_id)
    messages.success(request, "L’accès est révoqué : ses jetons ne valent plus rien dès maintenant.")
    return redirect("interop:partner", partner_id)


def _partner_page(
    request: Request,
    partner_id: UUID,
    *,
    form: KeyForm | None = None,
    access_form: ApiAccessForm | None = None,
) -> HttpResponse:
    found = access.get(request.actor, PARTNER_MANAGE, Partner, partner_id)
    organizations = found.organizations.order_by("name")
    shown = [each for each in (form, access_form) if each is not None]
    context = {
        "partner": found,
        "keys": found.keys.order_by("revoked_at", "-added_at"),
        "accesses": found.accesses.select_related("organization").order_by("revoked_at", "-opened_at"),
        "organizations": organizations,
        "form": form or KeyForm(),
        "access_form": access_form or ApiAccessForm(organizations),
        "token_address": capability.token_address(),
    }
    is_wrong = any(each.errors for each in shown)
    return render(request, "interop/partner.html", context, status=422 if is_wrong else 200)


@require_POST
@writes(PARTNER_MANAGE)
def revoke_key(request: Request, partner_id: UUID, key_id: UUID) -> HttpResponse:
    actions.revoke_key(request.actor, partner_id, key_id)
    messages.success(request, "La clé est révoquée : les appels qu’elle signe sont refusés dès maintenant.")
    return redirect("interop:partner", partner_id)


@require_POST
@writes(PARTNER_MANAGE)
def switch(request: Request, partner_id: UUID) -> HttpResponse:
    active = request.POST.get("active") == "1"
    actions.switch_partner(request.actor, partner_id, active=active)
    messages.success(
        request,
        "Les appels de ce logiciel sont acceptés." if active else "Les appels de ce logiciel sont refusés.",
    )
    return redirect("interop:partner", partner_id)
