"""« À intégrer »: what received documents say, beside what the record says already."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from terresante.care_team.queries import open_record, read_record
from terresante.health_record import offered_actions, offered_queries
from terresante.health_record.access import HEALTH_INTEGRATE, HEALTH_PUT_ASIDE, HEALTH_READ, HEALTH_WRITE
from terresante.health_record.forms import AsideForm, PlanForm
from terresante.health_record.models import OfferedLine
from terresante.health_record.offered_queries import WaitingStep
from terresante.kernel import access
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import asked_key
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import show_error


@reads(HEALTH_READ)
def show_waiting(request: Request, record_id: UUID) -> HttpResponse:
    return _page(request, record_id)


def _page(
    request: Request,
    record_id: UUID,
    *,
    wrong: UUID | None = None,
    form: AsideForm | None = None,
    step_form: PlanForm | None = None,
) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_READ)
    lines, steps = offered_queries.waiting(request.actor, opened.patient.pk)
    shown = {
        "waiting": lines,
        "steps": [
            (one, step_form if step_form and one.offer.pk == wrong else _plan_form(one)) for one in steps
        ],
        "shown": len(lines) + len(steps),
        "total": offered_queries.count_waiting(request.actor, opened.patient.pk),
        "settled": offered_queries.settled(request.actor, opened.patient.pk),
        "settles": access.permits(request.actor, HEALTH_WRITE, opened.record),
        "form": form or AsideForm(),
        "wrong": wrong if step_form is None else None,
    }
    return record_page(
        request,
        "health_record/waiting.html",
        opened,
        shown,
        tab="health",
        status=200 if wrong is None else Invalid.status,
    )


def _plan_form(one: WaitingStep) -> PlanForm:
    return PlanForm(
        initial={"due_on": one.said.due_on, "role": one.said.role}, auto_id=f"etape-{one.offer.pk}-%s"
    )


@writes(HEALTH_INTEGRATE)
def integrate(request: Request, record_id: UUID, offer_id: UUID) -> HttpResponse:
    if request.method == "POST":
        said = request.POST.get("line", "")
        line_id = asked_key(said) if said else None
        try:
            line = offered_actions.integrate_offer(request.actor, record_id, offer_id, line_id=line_id)
        except Conflict as error:
            messages.warning(request, error.sentence)
        else:
            messages.success(
                request, f"« {line.label} » est au dossier, signé par vous ; le document reste sa source."
            )
    return redirect("health_record:waiting", record_id)


@writes(HEALTH_INTEGRATE)
def plan(request: Request, record_id: UUID, offer_id: UUID) -> HttpResponse:
    """What a document plans, for the day and the role that are said here."""
    if request.method != "POST":
        return redirect("health_record:waiting", record_id)
    _refuse_elsewhere(request, record_id, HEALTH_INTEGRATE, offer_id)
    form = PlanForm(request.POST, auto_id=f"etape-{offer_id}-%s")
    if form.is_valid():
        try:
            step = offered_actions.plan_offer(request.actor, record_id, offer_id, **form.cleaned_data)
        except Invalid as error:
            show_error(form, error)
        except (Conflict, Refused) as error:
            messages.warning(request, error.sentence)
        else:
            messages.success(
                request, f"« {step.title} » est au parcours organisé ; le document reste sa source."
            )
    if form.errors:
        return _page(request, record_id, wrong=offer_id, step_form=form)
    return redirect("health_record:waiting", record_id)


def _refuse_elsewhere(request: Request, record_id: UUID, act: Action, offer_id: UUID) -> None:
    """Of this record, whatever the address says."""
    record = open_record(request.actor, record_id, action=HEALTH_WRITE).record
    if access.get(request.actor, act, OfferedLine, offer_id).record_id != record.pk:
        raise NotFound


@writes(HEALTH_PUT_ASIDE)
def put_aside(request: Request, record_id: UUID, offer_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return redirect("health_record:waiting", record_id)
    _refuse_elsewhere(request, record_id, HEALTH_PUT_ASIDE, offer_id)
    form = AsideForm(request.POST)
    if not form.is_valid():
        return _page(request, record_id, wrong=offer_id, form=form)
    try:
        offered_actions.put_offer_aside(
            request.actor, record_id, offer_id, reason=form.cleaned_data["reason"]
        )
    except Conflict as error:
        messages.warning(request, error.sentence)
    except Invalid as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, "C’est écarté : le motif reste lisible sous la liste.")
    return redirect("health_record:waiting", record_id)
