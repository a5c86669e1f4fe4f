"""The follow-up at home of the person, or of whom a relative acts for: what is to be filled today, and filling it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from terresante.accounts.sessions import handle_of
from terresante.care_team.access import RECORD_READ, is_carer
from terresante.care_team.queries import represented_patient
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.portal.queries import own_record_id, read_founded_record, read_own_record
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.step_views import Door, filled
from terresante.questionnaires.steps import Filling, answered
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.answering import asking, kit, standing, unasked
from terresante.telemonitoring.answering.doors import permit_of_account
from terresante.telemonitoring.models import Expected


@reads(FOLLOW_UP_READ)
def follow_up(request: Request) -> HttpResponse:
    # A carer answers what he was named for, and reads no follow-up.
    action = RECORD_READ if is_carer(request.actor) else FOLLOW_UP_READ
    opened = read_own_record(request.actor, action=action)
    due = asking.due_for(request.actor, opened.patient.pk) if opened else []
    stands = standing.standings_for(request.actor, opened.patient.pk, due) if opened else []
    # What a telephone keeps is its owner's: a relative answers with a network. What stopped is told without one too.
    keeps = request.actor.kind == ActorKind.PATIENT and bool(due or stands)
    reader = asking.reader_of(due[0].follow_up.cell) if due else None
    before = asking.said_before(due[0].follow_up) if due else ""
    shown = {
        "opened": opened,
        "due": due,
        "standings": stands,
        "offered": unasked.offered(request.actor, opened.patient.pk, due) if opened else [],
        "reader": reader,
        "keeps": keeps,
        "before": before,
    }
    return render(request, "portal/follow_up.html", shown)


@require_POST
@writes(RESPONSE_WRITE)
def tell_now(request: Request) -> HttpResponse:
    opened = read_founded_record(request.actor, action=FOLLOW_UP_READ)
    asked = (request.POST.get("suivi", ""), request.POST.get("questionnaire", ""))
    due = asking.due_for(request.actor, opened.patient.pk)
    found = unasked.offered(request.actor, opened.patient.pk, due)
    one = next((one for one in found if (str(one.follow_up.pk), one.form) == asked), None)
    if one is None:
        raise NotFound
    expected_id = unasked.opened_now(
        opened.patient.pk, one.follow_up.pk, one.form, name=request.actor.name, user_id=request.actor.user_id
    )
    return redirect("portal:answer", expected_id)


@reads(FOLLOW_UP_READ)
def offline_kit(request: Request) -> HttpResponse:
    opened = read_founded_record(request.actor, action=FOLLOW_UP_READ)
    user_id, session = request.actor.user_id, handle_of(request.session)
    if request.actor.kind != ActorKind.PATIENT or user_id is None or session is None:
        raise NotFound
    due = asking.coming(request.actor, opened.patient.pk)
    stands = standing.standings_for(request.actor, opened.patient.pk, due)
    return JsonResponse(kit.made(due, stands, permit=permit_of_account(user_id, session=session)))


@writes(RESPONSE_WRITE)
def answer(request: Request, expected_id: UUID) -> HttpResponse:
    actor, record_id = request.actor, own_record_id(request.actor)
    patient_id = represented_patient(actor) if actor.kind == ActorKind.REPRESENTATIVE else actor.person_id
    if record_id is None or patient_id is None:
        raise NotFound
    with asking.answering_for(actor, patient_id) as who:
        expected = asking.expected_of(who, expected_id)
        if is_carer(actor) and expected.follow_up_id not in asking.answered_by(actor, patient_id):
            raise NotFound
        name = actor.name if is_carer(actor) else ""
        filling = asking.filling_of(who, expected, source=_source(actor), respondent_name=name)
        if filling.record_id != record_id:
            raise NotFound
        if is_carer(actor) and _is_somebody_elses(filling, actor):
            messages.info(request, gettext("Ce questionnaire est déjà rempli : vous n’avez rien à faire."))
            return redirect("portal:follow_up")
        return filled(request, _door(filling, expected))


def _door(filling: Filling, expected: Expected) -> Door:
    return Door(
        filling=filling,
        title=asking.title_of(expected),
        here=reverse("portal:answer", args=[expected.pk]),
        home=reverse("portal:follow_up"),
        reader=asking.reader_of(expected.follow_up.cell),
    )


def _is_somebody_elses(filling: Filling, carer: Actor) -> bool:
    sent = answered(filling)
    return sent is not None and sent.user_id != carer.user_id


def _source(actor: Actor) -> ResponseSource:
    if actor.kind == ActorKind.PATIENT:
        return ResponseSource.PATIENT
    return ResponseSource.CARER if is_carer(actor) else ResponseSource.REPRESENTATIVE
