"""The organised pathway in the record of one person."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from terresante.care_plans import actions, queries, step_actions
from terresante.care_plans.access import INCLUSION_LEAVE, INCLUSION_READ, INCLUSION_WRITE, STEP_WORK
from terresante.care_plans.actions import NewInclusion
from terresante.care_plans.definition import said_bounds
from terresante.care_plans.enums import LeaveReason
from terresante.care_plans.forms import AssignForm, DoneForm, IncludeForm, LeaveForm, MoveForm, ReasonForm
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_team.queries import OpenRecord, read_record
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ports import Original, original
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error

_TAB = "pathway"
_ACTS: dict[str, Callable[..., PlannedStep]] = {
    "done": step_actions.do_step,
    "move": step_actions.move_step,
    "not_needed": step_actions.put_step_aside,
    "reopen": step_actions.reopen_step,
    "assign": step_actions.assign_step,
}


@require_safe
@reads(INCLUSION_READ)
def list_pathways(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=INCLUSION_READ)
    running = queries.pathways_of(request.actor, opened.patient.pk)
    may = opened.is_written and access.permits(request.actor, INCLUSION_WRITE, opened.record)
    offered = queries.programmes_offered(request.actor, running) if may else []
    return record_page(
        request, "care_plans/list.html", opened, {"pathways": running, "offered": offered}, tab=_TAB
    )


@writes(INCLUSION_WRITE)
def include_patient(request: Request, record_id: UUID, programme_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=INCLUSION_WRITE)
    version = queries.version_in_force(request.actor, programme_id)
    if version is None:
        raise NotFound
    definition = version.read()
    begins = {"version_id": version.pk, "included_on": timezone.localdate()}
    form = IncludeForm(request.POST or None, initial=begins, criteria=definition.criteria)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        new = NewInclusion(
            programme_id=programme_id,
            version_id=sent["version_id"],
            ticked=form.ticked(),
            included_on=sent["included_on"],
        )
        try:
            inclusion = actions.include(request.actor, record_id, new=new)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"Inclusion enregistrée : {version.programme.title}.")
            return redirect("care_plans:inclusion", record_id, inclusion.pk)
    shown = {
        "version": version,
        "definition": definition,
        "bounds": said_bounds(definition.bounds),
        "form": form,
    }
    return record_page(request, "care_plans/include.html", opened, shown, tab=_TAB, status=form_status(form))


@require_safe
@reads(INCLUSION_READ)
def show_inclusion(request: Request, record_id: UUID, inclusion_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=INCLUSION_READ)
    inclusion = _inclusion(request, opened, inclusion_id)
    shown = {
        "pathway": queries.pathway(request.actor, inclusion),
        "definition": inclusion.definition,
        "original": _original(request, inclusion),
        "changes": queries.changes_of(request.actor, inclusion.patient_id, inclusion.pk),
        "may_leave": access.permits(request.actor, INCLUSION_LEAVE, inclusion),
    }
    return record_page(request, "care_plans/inclusion.html", opened, shown, tab=_TAB)


@writes(INCLUSION_LEAVE)
def leave(request: Request, record_id: UUID, inclusion_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=INCLUSION_READ)
    inclusion = _inclusion(request, opened, inclusion_id)
    form = LeaveForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        sent = dict(form.cleaned_data)
        sent["because"] = LeaveReason(sent["because"])
        try:
            actions.leave_programme(request.actor, record_id, inclusion_id, **sent)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "La sortie est enregistrée." if inclusion.programme_id else "Le plan est clos."
            )
            return redirect("care_plans:inclusion", record_id, inclusion_id)
    shown = {"inclusion": inclusion, "form": form}
    return record_page(request, "care_plans/leave.html", opened, shown, tab=_TAB, status=form_status(form))


@require_POST
@writes(STEP_WORK)
def step_done(request: Request, record_id: UUID, step_id: UUID) -> HttpResponse:
    """Today, in one press."""
    step = step_actions.do_step(request.actor, record_id, step_id, on=timezone.localdate())
    messages.success(request, f"Fait : {step.title}.")
    return redirect("care_plans:inclusion", record_id, step.inclusion_id)


@writes(STEP_WORK)
def show_step(request: Request, record_id: UUID, step_id: UUID) -> HttpResponse:
    """One form for each thing that can be said of a step; `act` names the one that is sent."""
    opened = read_record(request.actor, record_id, action=INCLUSION_READ)
    step = _step(request, opened, step_id)
    act = request.POST.get("act", "")
    shown_forms = _step_forms(request, step, act)
    sent = shown_forms.get(act)
    if sent is not None and sent.is_valid():
        try:
            _ACTS[act](request.actor, record_id, step_id, **sent.cleaned_data)
        except (Invalid, Conflict) as error:
            show_error(sent, error)
        else:
            messages.success(request, "C’est enregistré.")
            return redirect("care_plans:inclusion", record_id, step.inclusion_id)
    shown = {
        "line": queries.step_line(request.actor, step),
        "original": _original(request, step.inclusion),
        "forms": shown_forms,
        "act": act,
    }
    status = Invalid.status if sent is not None and sent.errors else 200
    return record_page(request, "care_plans/step.html", opened, shown, tab=_TAB, status=status)


def _step_forms(request: Request, step: PlannedStep, act: str) -> dict[str, forms.Form]:
    """Those that this reader may send, for the state the step is in."""
    may_work, may_assign = queries.rights_on(request.actor, step)
    posted = {name: request.POST if name == act else None for name in _ACTS}
    found: dict[str, forms.Form] = {}
    if may_work and step.is_planned:
        found["done"] = DoneForm(posted["done"], initial={"on": timezone.localdate()}, prefix="done")
        found["move"] = MoveForm(posted["move"], initial={"on": step.due_on}, prefix="move")
        found["not_needed"] = ReasonForm(posted["not_needed"], prefix="not_needed")
    if may_work and step.is_settled:
        found["reopen"] = ReasonForm(posted["reopen"], prefix="reopen")
    if may_assign and step.is_planned:
        found["assign"] = AssignForm(
            posted["assign"],
            initial={"to": step.responsible_id or ""},
            members=queries.may_be_given(request.actor, step),
            role=step.get_role_display(),
            prefix="assign",
        )
    return found


def _original(request: Request, inclusion: Inclusion) -> Original | None:
    """The document of a plan, for who reads it."""
    if inclusion.source_id is None:
        return None
    return original(request.actor, inclusion.patient_id, inclusion.source_id)


def _inclusion(request: Request, opened: OpenRecord, inclusion_id: UUID) -> Inclusion:
    related = ("programme__organization", "version")
    inclusion = access.get(request.actor, INCLUSION_READ, Inclusion, inclusion_id, related=related)
    if inclusion.record_id != opened.record.pk:
        raise NotFound
    return inclusion


def _step(request: Request, opened: OpenRecord, step_id: UUID) -> PlannedStep:
    related = ("inclusion__programme", "responsible")
    step = access.get(request.actor, INCLUSION_READ, PlannedStep, step_id, related=related)
    if step.record_id != opened.record.pk:
        raise NotFound
    return step
