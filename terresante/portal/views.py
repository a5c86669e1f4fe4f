from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.care_team import actions
from terresante.care_team.access import ACCESS_LOG_READ, CIRCLE_READ, CONSENT_LIFT
from terresante.care_team.enums import ConsentKind
from terresante.care_team.queries import OpenRecord, choices_of, circle_of, log, relatives_of
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads, writes
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
        shown["members"] = circle_of(request.actor, opened.patient.pk)
        shown["relatives"] = relatives_of(request.actor, opened.patient.pk)
    return render(request, "portal/circle.html", {"opened": opened, **shown})


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
