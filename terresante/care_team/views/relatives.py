"""Relatives of a record, and the access that a professional gives them with its proof."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from terresante.care_team import queries
from terresante.care_team.access import DELEGATION_EDIT, RELATIVE_EDIT
from terresante.care_team.actions import relatives as actions
from terresante.care_team.forms.relatives import DelegationForm, RelativeForm, RestrictionForm
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.patients.models import Delegation, RelatedPerson


@writes(RELATIVE_EDIT)
def relative(request: Request, record_id: UUID, relative_id: UUID | None = None) -> HttpResponse:
    form = RelativeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        actions.save_relative(request.actor, record_id, relative=form.relative(), relative_id=relative_id)
        messages.success(request, "Le proche est enregistré.")
        return redirect("care_team:circle", record_id)
    opened = queries.read_record(request.actor, record_id, action=RELATIVE_EDIT)
    if relative_id is not None:
        known = _relative(request, record_id, relative_id)
        if not form.is_bound:
            form = RelativeForm(initial={name: getattr(known, name) for name in form.fields})
    context = {"form": form, "is_new": relative_id is None}
    return _page(request, "care_team/relative.html", opened, context, form)


@writes(DELEGATION_EDIT)
def delegate(request: Request, record_id: UUID, relative_id: UUID) -> HttpResponse:
    """The code is shown once, on the answer to the form: it is kept as a hash."""
    opened = queries.read_record(request.actor, record_id, action=DELEGATION_EDIT)
    person = _relative(request, record_id, relative_id)
    form = DelegationForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            invitation = actions.record_delegation(
                request.actor, record_id, relative_id, delegation=form.delegation()
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            context = {"invitation": invitation, "person": person}
            return record_page(request, "care_team/code_to_give.html", opened, context, tab="circle")
    return _page(request, "care_team/delegate.html", opened, {"form": form, "person": person}, form)


@writes(DELEGATION_EDIT)
def withdraw(request: Request, record_id: UUID, delegation_id: UUID) -> HttpResponse:
    if request.method == "POST":
        actions.withdraw_delegation(request.actor, record_id, delegation_id)
        messages.success(request, "L’accès est retiré : ce proche ne lit plus rien du dossier.")
        return redirect("care_team:circle", record_id)
    opened, given = _given(request, record_id, delegation_id)
    return record_page(request, "care_team/withdraw_delegation.html", opened, {"given": given}, tab="circle")


@writes(DELEGATION_EDIT)
def restrict(request: Request, record_id: UUID, delegation_id: UUID) -> HttpResponse:
    """POST without a decision lifts the restriction of a parent who has one."""
    form = RestrictionForm(request.POST or None)
    lifts = "lift" in request.POST
    if request.method == "POST" and (lifts or form.is_valid()):
        decision = "" if lifts else form.cleaned_data["decision"]
        actions.restrict_parent(request.actor, record_id, delegation_id, decision=decision)
        messages.success(
            request, "La restriction est levée." if lifts else "L’accès de ce parent est suspendu."
        )
        return redirect("care_team:circle", record_id)
    opened, given = _given(request, record_id, delegation_id)
    return _page(request, "care_team/restrict_parent.html", opened, {"form": form, "given": given}, form)


def _given(request: Request, record_id: UUID, delegation_id: UUID) -> tuple[queries.OpenRecord, Delegation]:
    opened = queries.read_record(request.actor, record_id, action=DELEGATION_EDIT)
    given = access.get(request.actor, DELEGATION_EDIT, Delegation, delegation_id, related=("related_person",))
    if given.patient_id != opened.patient.pk or given.withdrawn_at is not None:
        raise NotFound
    return opened, given


def _relative(request: Request, record_id: UUID, relative_id: UUID) -> RelatedPerson:
    person = access.get(
        request.actor, RELATIVE_EDIT, RelatedPerson, relative_id, related=("patient__record",)
    )
    if person.patient.record.pk != record_id:
        raise NotFound
    return person


def _page(
    request: Request,
    template: str,
    opened: queries.OpenRecord,
    context: dict[str, object],
    form: forms.Form,
) -> HttpResponse:
    return record_page(request, template, opened, context, tab="circle", status=form_status(form))
