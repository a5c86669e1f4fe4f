from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from terresante.care_team import actions, matrix, queries
from terresante.care_team.access import (
    ACCESS_LOG_READ,
    CIRCLE_EDIT,
    CIRCLE_READ,
    COMPLAINT_ANSWER,
    COMPLAINT_READ,
    CONSENT_EDIT,
    writes_something,
)
from terresante.care_team.actions import NewMember
from terresante.care_team.enums import Basis, ComplaintState, ConsentKind, DataClass, TeamRole
from terresante.care_team.forms import (
    ComplaintForm,
    DirectorySearchForm,
    OrganizationMemberForm,
    PractitionerMemberForm,
    ProofForm,
    RemovalForm,
    WithdrawalForm,
)
from terresante.care_team.forms.joining import MembershipForm
from terresante.care_team.models import AccessComplaint, CareTeamParticipant, Consent
from terresante.care_team.queries import directory, joining, log
from terresante.care_team.queries.limits import sector_of
from terresante.care_team.regime import needs_consent
from terresante.kernel import access
from terresante.kernel.access import label_of
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import key_of
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, offer, show_error
from terresante.kernel.ui.wording import long_date


@reads(CIRCLE_READ)
def circle(request: Request, record_id: UUID) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id)
    patient_id = opened.patient.pk
    permitted = access.permitted(request.actor, opened.record, CIRCLE_EDIT, ACCESS_LOG_READ)
    edits = CIRCLE_EDIT in permitted
    add = MainAction("Ajouter au cercle", reverse("care_team:add_member", args=[record_id]), "user-plus")
    members = queries.circle_at_work(request.actor, patient_id)
    context = {
        "relatives": queries.relatives_with_access(request.actor, patient_id),
        "team": [member for member in members if member.practitioner is not None],
        "structures": [member for member in members if member.organization is not None],
        "former": queries.former_members_of(request.actor, patient_id),
        "edits": edits,
        "asked": joining.requests_waiting(request.actor, patient_id) if edits else [],
        "writes_notes": opened.is_written and writes_something(request.actor),
        "sector": sector_of(request.actor),
        "reads_log": ACCESS_LOG_READ in permitted,
    }
    return record_page(
        request, "care_team/circle.html", opened, context, tab="circle", main_action=add if edits else None
    )


@reads(CIRCLE_EDIT)
def add_member(request: Request, record_id: UUID) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_EDIT)
    form = DirectorySearchForm(request.GET or None)
    found = (
        directory.search_directory(request.actor, opened.patient.pk, **form.cleaned_data)
        if form.is_bound and form.is_valid()
        else None
    )
    invited = joining.invitations_waiting(request.actor, opened.patient.pk)
    context = {"form": form, "found": found, "invited": invited}
    return record_page(request, "care_team/add_member.html", opened, context, tab="circle")


@writes(CIRCLE_EDIT)
def add_practitioner(request: Request, record_id: UUID, practitioner_id: UUID) -> HttpResponse:
    chosen = directory.candidate(practitioner_id=practitioner_id)
    readable = [data_class.value for data_class in matrix.readable(chosen.profession)]
    initial = {"role": TeamRole.MEMBER, "scope": readable, "reason": request.GET.get("raison") or "follows"}
    form = PractitionerMemberForm(request.POST or None, initial=initial)
    offer(form, "scope", [pair for pair in DataClass.choices if pair[0] in readable])
    offer(form, "role", directory.roles_open_to(chosen))
    if form.is_bound and form.is_valid():
        member = NewMember(
            practitioner_id=practitioner_id,
            role=TeamRole(form.cleaned_data["role"]),
            basis=Basis(form.cleaned_data["basis"]),
            replaces=form.cleaned_data["replaces"],
            consent=form.given(),
            **_membership(form),
        )
        return _join(request, record_id, member, form, chosen)
    return _joining(request, record_id, form, chosen)


@writes(CIRCLE_EDIT)
def add_organization(request: Request, record_id: UUID, organization_id: UUID) -> HttpResponse:
    chosen = directory.candidate(organization_id=organization_id)
    form = OrganizationMemberForm(request.POST or None)
    if form.is_bound and form.is_valid():
        member = NewMember(
            organization_id=organization_id,
            role=TeamRole(form.cleaned_data["role"]),
            basis=Basis(form.cleaned_data["basis"]),
            replaces=form.cleaned_data["replaces"],
            **_membership(form),
        )
        return _join(request, record_id, member, form, chosen)
    return _joining(request, record_id, form, chosen)


def _membership(form: MembershipForm) -> dict[str, Any]:
    return {
        "why": form.why(),
        "starts_at": form.starts_at,
        "ends_at": form.ends_at,
        "answer": form.cleaned_data.get("answer") or "",
    }


def _join(
    request: Request, record_id: UUID, member: NewMember, form: forms.Form, chosen: directory.Candidate
) -> HttpResponse:
    try:
        actions.add_member(request.actor, record_id, member=member)
    except (Invalid, Conflict) as error:
        show_error(form, error)
        return _joining(request, record_id, form, chosen, status=error.status)
    reads_when = "peut lire le dossier dès maintenant"
    if member.starts_at is not None:
        reads_when = f"pourra lire le dossier à partir du {long_date(member.starts_at)}"
    messages.success(request, f"Le membre est dans le cercle : il {reads_when}.")
    return redirect("care_team:circle", record_id)


def _joining(
    request: Request, record_id: UUID, form: forms.Form, chosen: directory.Candidate, *, status: int = 200
) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_EDIT)
    readable, hidden = queries.classes_read(chosen.profession)
    waiting = joining.requests_waiting(request.actor, opened.patient.pk)
    context = {
        "form": form,
        "chosen": chosen,
        "readable": ", ".join(readable),
        "hidden": ", ".join(hidden),
        "holders": queries.role_holders(opened.patient.pk),
        "asked": next((one for one in waiting if one.practitioner_id == chosen.key), None),
    }
    if form.errors and status == 200:
        status = Invalid.status
    return record_page(request, "care_team/join.html", opened, context, tab="circle", status=status)


@writes(CIRCLE_EDIT)
def remove_member(request: Request, record_id: UUID, participant_id: UUID) -> HttpResponse:
    if request.method == "POST":
        reason = RemovalForm(request.POST)
        if reason.is_valid():
            actions.remove_member(
                request.actor, record_id, participant_id, reason=reason.cleaned_data["reason"]
            )
            messages.success(request, "Le membre a quitté le cercle : il ne lit plus rien du dossier.")
            return redirect("care_team:circle", record_id)
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_EDIT)
    member = access.get(request.actor, CIRCLE_EDIT, CareTeamParticipant, participant_id)
    if member.record_id != record_id or member.ended_at is not None:
        raise NotFound
    context = {"member": member, "form": RemovalForm(request.POST or None)}
    return record_page(request, "care_team/remove_member.html", opened, context, tab="circle")


@reads(CIRCLE_READ)
def choices(request: Request, record_id: UUID) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id)
    recorded = list(queries.choices_of(request.actor, opened.patient.pk))
    context = {
        "recorded": recorded,
        "in_force": {choice.kind for choice in recorded if choice.withdrawn_at is None},
        "kinds": ConsentKind,
        "needs_consent": needs_consent(),
        "edits": access.permits(request.actor, CONSENT_EDIT, opened.record),
    }
    return record_page(request, "care_team/choices.html", opened, context, tab="circle")


@writes(CONSENT_EDIT)
def oppose_record(request: Request, record_id: UUID) -> HttpResponse:
    return _oppose(request, record_id, ConsentKind.OPPOSITION_RECORD)


@writes(CONSENT_EDIT)
def oppose_emergency(request: Request, record_id: UUID) -> HttpResponse:
    return _oppose(request, record_id, ConsentKind.OPPOSITION_EMERGENCY)


@writes(CONSENT_EDIT)
def oppose_samu(request: Request, record_id: UUID) -> HttpResponse:
    return _oppose(request, record_id, ConsentKind.OPPOSITION_SAMU)


def _oppose(request: Request, record_id: UUID, kind: ConsentKind) -> HttpResponse:
    form = ProofForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            actions.record_choice(request.actor, record_id, kind=kind, proof=form.cleaned_data["proof"])
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Le choix est enregistré ; il est appliqué dès maintenant.")
            closed = kind == ConsentKind.OPPOSITION_RECORD
            return redirect("/") if closed else redirect("care_team:choices", record_id)
    opened = queries.read_record(request.actor, record_id, action=CONSENT_EDIT)
    context = {
        "form": form,
        "closes": kind == ConsentKind.OPPOSITION_RECORD,
        "of_samu": kind == ConsentKind.OPPOSITION_SAMU,
    }
    return record_page(
        request, "care_team/oppose.html", opened, context, tab="circle", status=form_status(form)
    )


@writes(CONSENT_EDIT)
def withdraw_choice(request: Request, record_id: UUID, choice_id: UUID) -> HttpResponse:
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        choice = actions.withdraw_choice(
            request.actor, record_id, choice_id, proof=form.cleaned_data["proof"]
        )
        messages.success(request, "Le choix est retiré ; c’est appliqué dès maintenant.")
        closed = choice.kind in actions.CLOSING_CONSENTS
        return redirect("/") if closed else redirect("care_team:choices", record_id)
    opened = queries.read_record(request.actor, record_id, action=CONSENT_EDIT)
    choice = access.get(request.actor, CONSENT_EDIT, Consent, choice_id)
    if choice.patient_id != opened.patient.pk or choice.withdrawn_at is not None:
        raise NotFound
    context = {"choice": choice, "form": form, "kinds": ConsentKind}
    return record_page(request, "care_team/withdraw_choice.html", opened, context, tab="circle")


@reads(ACCESS_LOG_READ)
def access_log(request: Request, record_id: UUID) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id, action=ACCESS_LOG_READ)
    patient_id, person_id = opened.patient.pk, key_of(request.GET.get("personne", ""))
    page = log.accesses_of(
        request.actor, patient_id, person_id=person_id, before=request.GET.get("avant", "")
    )
    context = {
        "page": page,
        "persons": log.persons_in_log(request.actor, patient_id),
        "person_id": person_id,
    }
    return record_page(request, "care_team/access_log.html", opened, context, tab="circle")


@reads(COMPLAINT_READ)
def complaints(request: Request) -> HttpResponse:
    return render(request, "care_team/complaints.html", {"complaints": log.complaints(request.actor)})


@writes(COMPLAINT_ANSWER)
def answer_complaint(request: Request, complaint_id: UUID) -> HttpResponse:
    complaint = access.get(request.actor, COMPLAINT_READ, AccessComplaint, complaint_id)
    form = ComplaintForm(request.POST or None)
    if form.is_bound and form.is_valid():
        state = ComplaintState(form.cleaned_data["state"])
        try:
            actions.answer_complaint(
                request.actor, complaint_id, state=state, answer=form.cleaned_data["answer"]
            )
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "La réponse est envoyée à la personne.")
            return redirect("care_team:complaints")
    context = {"complaint": complaint, "form": form, "what": label_of(complaint.done)}
    return render(request, "care_team/answer_complaint.html", context, status=form_status(form))
