from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.care_team import actions
from terresante.care_team.access import ACCESS_LOG_READ, CIRCLE_READ, CONSENT_LIFT, SECRET_NAME
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import ConsentKind
from terresante.care_team.queries import OpenRecord, choices_of, circle_at_work, log, relatives_of
from terresante.care_team.queries.secrets import RestrictedCare, restricted_cares
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.portal.forms import NameForm
from terresante.portal.queries import own_record_id, read_own_record


@reads(ACCESS_LOG_READ)
def home(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    shown = _accesses(request.actor, opened, before=request.GET.get("avant", "")) if opened else {}
    return render(request, "portal/home.html", {"opened": opened, **shown})


def _accesses(actor: Actor, opened: OpenRecord, *, before: str) -> dict[str, Any]:
    patient_id = opened.patient.pk
    return {
        "page": log.accesses_of(actor, patient_id, before=before),
        "emergencies": log.emergencies_of(actor, patient_id),
    }


@reads(CIRCLE_READ)
def circle(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    shown: dict[str, Any] = {}
    if opened is not None:
        shown["members"] = circle_at_work(request.actor, opened.patient.pk)
        shown["relatives"] = relatives_of(request.actor, opened.patient.pk)
    return render(request, "portal/circle.html", {"opened": opened, **shown})


@writes(SECRET_NAME)
def secrets(request: Request) -> HttpResponse:
    """Psychiatry and addictology: who of the circle may know of it, named and withdrawn by the patient."""
    opened = read_own_record(request.actor)
    cares = restricted_cares(request.actor, opened.patient.pk) if opened else []
    if opened is not None and request.method == "POST":
        return _name(request, opened, {care.sector.value: care for care in cares})
    forms = [(care, NameForm(care.others, auto_id=f"{care.sector}_%s")) for care in cares]
    return render(request, "portal/secrets.html", {"opened": opened, "cares": forms})


def _name(request: Request, opened: OpenRecord, cares: dict[str, RestrictedCare]) -> HttpResponse:
    if "named" in request.POST:
        named_id = _key(request.POST["named"])
        withdraw_name(request.actor, opened.record.pk, named_id)
        messages.success(request, "C’est retiré : cette personne n’en voit plus rien.")
        return redirect("portal:secrets")
    care = cares.get(request.POST.get("sector", ""))
    form = NameForm(care.others if care else [], request.POST)
    if care is None or not form.is_valid():
        messages.error(request, "Choisissez une personne de votre cercle.")
        return redirect("portal:secrets")
    participant_id = UUID(form.cleaned_data["participant"])
    name_reader(request.actor, opened.record.pk, sector=care.sector, participant_id=participant_id)
    messages.success(request, "C’est enregistré : cette personne le sait dès maintenant.")
    return redirect("portal:secrets")


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


@reads(CIRCLE_READ)
def choices(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    recorded = list(choices_of(request.actor, opened.patient.pk)) if opened else []
    context = {
        "opened": opened,
        "recorded": recorded,
        "kinds": ConsentKind,
        "is_closed": any(
            choice.kind == ConsentKind.OPPOSITION_RECORD and choice.withdrawn_at is None
            for choice in recorded
        ),
    }
    return render(request, "portal/choices.html", context)


@writes(CONSENT_LIFT)
def lift_opposition(request: Request) -> HttpResponse:
    record_id = own_record_id(request.actor)
    if record_id is None:
        raise NotFound
    if request.method == "POST":
        actions.lift_opposition(request.actor, record_id)
        messages.success(request, "Votre dossier est de nouveau ouvert à votre cercle de soins.")
        return redirect("portal:choices")
    return render(request, "portal/lift_opposition.html")
