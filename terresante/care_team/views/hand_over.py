from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.care_team.access import HAND_OVER_ANSWER, HAND_OVER_PROPOSE, HAND_OVER_READ
from terresante.care_team.actions import hand_over as actions
from terresante.care_team.forms.hand_over import AnswerForm, ProposalForm
from terresante.care_team.models import HandOver
from terresante.care_team.queries import hand_over as queries
from terresante.kernel import access
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error


@reads(HAND_OVER_READ)
def hand_overs(request: Request) -> HttpResponse:
    return render(request, "care_team/hand_overs.html", {"lines": queries.hand_overs(request.actor)})


@writes(HAND_OVER_PROPOSE)
def propose(request: Request) -> HttpResponse:
    if request.actor.kind != ActorKind.PROFESSIONAL or request.actor.person_id is None:
        raise Refused("Les relais concernent les professionnels.")
    form = ProposalForm(
        request.actor,
        queries.own_memberships(request.actor),
        queries.colleagues_away(request.actor),
        queries.takers(request.actor, request.GET.get("q", "")),
        request.POST or None,
    )
    if form.is_bound and form.is_valid():
        try:
            actions.propose_hand_over(request.actor, form.proposal())
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Le relais est proposé : rien ne change avant la réponse de votre collègue."
            )
            return redirect("care_team:hand_overs")
    shown = {"form": form, "q": request.GET.get("q", "")}
    return render(request, "care_team/propose_hand_over.html", shown, status=form_status(form))


@writes(HAND_OVER_ANSWER)
def answer(request: Request, hand_over_id: UUID) -> HttpResponse:
    hand_over = access.get(
        request.actor, HAND_OVER_ANSWER, HandOver, hand_over_id, related=("giver", "taker", "organization")
    )
    persons = queries.persons_given(hand_over_id)
    form = AnswerForm([one for one in persons if one.is_waiting], request.POST or None)
    if form.is_bound and form.is_valid():
        accepts = "accept" in request.POST
        done = actions.answer_hand_over(request.actor, hand_over_id, items=form.chosen, accepts=accepts)
        said = "sont dans votre liste dès maintenant" if accepts else "restent à votre collègue"
        messages.success(request, f"C’est enregistré ({done}) : ces patients {said}.")
        return redirect("care_team:hand_overs")
    shown = {"hand_over": hand_over, "persons": persons, "form": form}
    return render(request, "care_team/answer_hand_over.html", shown, status=form_status(form))


@writes(HAND_OVER_PROPOSE)
def withdraw(request: Request, hand_over_id: UUID) -> HttpResponse:
    hand_over = access.get(
        request.actor, HAND_OVER_PROPOSE, HandOver, hand_over_id, related=("giver", "taker", "organization")
    )
    if request.method == "POST":
        actions.withdraw_hand_over(request.actor, hand_over_id)
        messages.success(request, "Le relais est retiré : chaque patient sans réponse vous reste.")
        return redirect("care_team:hand_overs")
    return render(request, "care_team/withdraw_hand_over.html", {"hand_over": hand_over})
