from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers

from terresante.care_team import queries
from terresante.care_team.access import (
    CIRCLE_EDIT,
    CIRCLE_INVITE,
    INVITATION_ANSWER,
    JOIN_ANSWER,
    JOIN_ASK,
    RECORD_SEARCH,
)
from terresante.care_team.actions import invitations, joining
from terresante.care_team.actions.periods import change_period
from terresante.care_team.forms.joining import AskForm, ChangeMemberForm, InvitationForm, WordsForm
from terresante.care_team.models import CareTeamParticipant, CircleInvitation, JoinRequest
from terresante.care_team.queries import joining as asked
from terresante.care_team.queries import urgent
from terresante.kernel import access, audit
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, public, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.patients.queries import namesakes

_RECORD_PAGE = "overview:record"


@writes(JOIN_ASK)
def ask(request: Request, patient_id: UUID) -> HttpResponse:
    """Identity alone is shown, as the search showed it."""
    joining.check_may_ask(request.actor)
    person = urgent.emergency_identity(patient_id)
    if person.patient_id != patient_id:
        return redirect("care_team:ask_to_join", person.patient_id)
    if queries.reaches_patient(request.actor, patient_id):
        return redirect(_RECORD_PAGE, person.record_id)
    form = AskForm(request.POST or None)
    if form.is_bound and form.is_valid():
        why = form.why()
        try:
            if why is not None:
                joining.ask_to_join(request.actor, patient_id, why=why)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Votre demande est transmise : la réponse viendra sur cette page.")
            return redirect("care_team:own_requests")
    audit.note_read(RECORD_SEARCH, patient_id=patient_id)
    context = {"person": person, "form": form, "warning": namesakes([patient_id]).get(patient_id, "")}
    return render(request, "care_team/ask_to_join.html", context, status=form_status(form))


@reads(JOIN_ASK)
def own_requests(request: Request) -> HttpResponse:
    context = {
        "requests": asked.own_requests(request.actor),
        "invitations": asked.own_invitations(request.actor),
    }
    return render(request, "care_team/own_requests.html", context)


@writes(JOIN_ASK)
def withdraw_request(request: Request, join_id: UUID) -> HttpResponse:
    if request.method == "POST":
        joining.withdraw_request(request.actor, join_id)
        messages.success(request, "Votre demande est retirée.")
    return redirect("care_team:own_requests")


@writes(JOIN_ANSWER)
def refuse_request(request: Request, record_id: UUID, join_id: UUID) -> HttpResponse:
    form = WordsForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        joining.refuse_request(request.actor, record_id, join_id, words=form.cleaned_data["answer"])
        messages.success(request, "La demande est refusée : rien n’a été ouvert.")
        return redirect("care_team:circle", record_id)
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_EDIT)
    row = access.get(
        request.actor, JOIN_ANSWER, JoinRequest, join_id, related=("practitioner", "organization")
    )
    if row.record_id != record_id or not row.is_waiting:
        raise NotFound
    context = {"asked": row, "form": form}
    return record_page(request, "care_team/refuse_request.html", opened, context, tab="circle")


@writes(CIRCLE_INVITE)
def invite(request: Request, record_id: UUID) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            invitations.invite(request.actor, record_id, invitation=form.invitation())
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "L’invitation est partie : elle ne nomme personne et ouvre l’inscription."
            )
            return redirect("care_team:add_member", record_id)
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_INVITE)
    return record_page(
        request, "care_team/invite.html", opened, {"form": form}, tab="circle", status=form_status(form)
    )


@writes(CIRCLE_INVITE)
def withdraw_invitation(request: Request, record_id: UUID, invitation_id: UUID) -> HttpResponse:
    if request.method == "POST":
        invitations.withdraw_invitation(request.actor, record_id, invitation_id)
        messages.success(request, "L’invitation est retirée : son lien ne mène plus nulle part.")
        return redirect("care_team:add_member", record_id)
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_INVITE)
    row = access.get(request.actor, CIRCLE_INVITE, CircleInvitation, invitation_id)
    if row.record_id != record_id or not row.is_waiting:
        raise NotFound
    context = {"invitation": row}
    return record_page(request, "care_team/withdraw_invitation.html", opened, context, tab="circle")


@writes(CIRCLE_EDIT)
def change_member(request: Request, record_id: UUID, participant_id: UUID) -> HttpResponse:
    opened = queries.read_record(request.actor, record_id, action=CIRCLE_EDIT)
    member = access.get(request.actor, CIRCLE_EDIT, CareTeamParticipant, participant_id)
    if member.record_id != record_id or member.ended_at is not None:
        raise NotFound
    form = ChangeMemberForm(member, request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            change_period(
                request.actor,
                record_id,
                participant_id,
                starts_at=form.starts_at,
                ends_at=form.ends_at,
                why=form.why(),
            )
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "C’est enregistré.")
            return redirect("care_team:circle", record_id)
    context = {"member": member, "form": form}
    return record_page(
        request, "care_team/change_member.html", opened, context, tab="circle", status=form_status(form)
    )


@public(reason="Invitation d’un professionnel : dire où le lien mène, sans rien dire de personne")
def circle_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The same page whatever the link: whether it is valid is said to who has logged in."""
    response = render(request, "care_team/invitation.html", {"token": token})
    add_never_cache_headers(response)
    return response


@writes(INVITATION_ANSWER)
def answer_invitation(request: Request, token: str) -> HttpResponse:
    """`token`: of the link, or the key of an invitation sent to the address of one's own account."""
    found = asked.own_invitations(request.actor, token=token)
    chosen = next((one for one in found if str(one.invitation_id) == request.POST.get("invitation")), None)
    if chosen is not None and request.method == "POST":
        outcome = invitations.answer_invitation(
            request.actor, chosen.invitation_id, token=token, accepts="accept" in request.POST
        )
        messages.success(request, _ANSWERED[outcome])
        return redirect("care_team:own_requests" if outcome != "joined" else "overview:home")
    return render(request, "care_team/answer_invitation.html", {"invitations": found, "token": token})


_ANSWERED = {
    "joined": "Vous êtes dans le cercle : la personne est dans « Mes patients ».",
    "asked": "Votre demande est transmise au cercle : la réponse viendra sur cette page.",
    "refused": "L’invitation est refusée.",
}
