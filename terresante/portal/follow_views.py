"""The follow-up at home of the person, or of whom a relative acts for: what is to be filled today, and filling it."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from terresante.care_team.access import is_carer
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.portal.queries import own_record_id, read_own_record
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.step_views import Door, filled
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.answering import asking, kit
from terresante.telemonitoring.answering.doors import permit_of


@reads(FOLLOW_UP_READ)
def follow_up(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=FOLLOW_UP_READ)
    due = asking.due_now(request.actor, opened.patient.pk) if opened else []
    # What a telephone keeps is its owner's: a relative answers with a network.
    keeps = request.actor.kind == ActorKind.PATIENT and bool(due)
    reader = asking.reader_of(due[0].follow_up.cell) if due else None
    before = asking.said_before(due[0].follow_up) if due else ""
    shown = {"opened": opened, "due": due, "reader": reader, "keeps": keeps, "before": before}
    return render(request, "portal/follow_up.html", shown)


@reads(FOLLOW_UP_READ)
def offline_kit(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=FOLLOW_UP_READ)
    if opened is None or request.actor.kind != ActorKind.PATIENT or request.actor.user_id is None:
        raise NotFound
    due = asking.coming(request.actor, opened.patient.pk)
    return JsonResponse(kit.made(due, permit=permit_of(user_id=request.actor.user_id)))


@writes(RESPONSE_WRITE)
def answer(request: Request, expected_id: UUID) -> HttpResponse:
    record_id = own_record_id(request.actor)
    if record_id is None:
        raise NotFound
    expected = asking.expected_of(request.actor, expected_id)
    filling = asking.filling_of(request.actor, expected, source=_source(request.actor))
    if filling.record_id != record_id:
        raise NotFound
    door = Door(
        filling=filling,
        title=asking.title_of(expected),
        here=reverse("portal:answer", args=[expected_id]),
        home=reverse("portal:follow_up"),
        reader=asking.reader_of(expected.follow_up.cell),
    )
    return filled(request, door)


def _source(actor: Actor) -> ResponseSource:
    if actor.kind == ActorKind.PATIENT:
        return ResponseSource.PATIENT
    return ResponseSource.CARER if is_carer(actor) else ResponseSource.REPRESENTATIVE
