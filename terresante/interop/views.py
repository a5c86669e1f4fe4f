from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from terresante.care_team.access import IDENTITY_COMPARE
from terresante.directory.enums import Duty
from terresante.interop import actions
from terresante.interop.access import MESSAGE_DECIDE, MESSAGE_VERIFY
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.forms import PutAsideForm
from terresante.interop.models import InboundMessage
from terresante.interop.queries import Candidate, Case, case_of, messages_to_verify
from terresante.kernel import access, audit
from terresante.kernel.errors import Invalid, Refused
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.frame import Comparison, Pair
from terresante.kernel.ui.wording import long_date
from terresante.patients.identity_rules import normalised_name
from terresante.patients.queries import namesakes

_SHOWN = 100


@require_safe
@reads(MESSAGE_VERIFY)
def list_queue(request: Request) -> HttpResponse:
    if not request.actor.has_duty(Duty.IDENTITY_OFFICER):
        raise Refused("Cette page est celle de la cellule d’identitovigilance.")
    rows = messages_to_verify(request.actor)
    return render(request, "interop/queue.html", {"messages": rows[:_SHOWN], "total": rows.count()})


@require_safe
@reads(MESSAGE_VERIFY)
def show_case(request: Request, message_id: UUID) -> HttpResponse:
    message = access.get(request.actor, MESSAGE_VERIFY, InboundMessage, message_id)
    audit.note_read(MESSAGE_VERIFY, about=message)
    case = case_of(message)
    for candidate in case.candidates if case else ():
        audit.note_read(IDENTITY_COMPARE, patient_id=candidate.patient.pk, about=message)
    context = {
        "message": message,
        "case": case,
        "choices": _choices(case) if case else [],
        "asks_who": message.state == MessageState.DOUBTFUL and message.outcome in actions.ABOUT_IDENTITY,
        "asks_death": message.outcome == MessageOutcome.DEATH_CLEARED,
        "to_merge": _to_merge(message, case),
        "can_replay": message.state in (MessageState.FAILED, MessageState.DOUBTFUL),
        "form": PutAsideForm(),
    }
    return render(request, "interop/case.html", context)


@require_POST
@writes(MESSAGE_DECIDE)
def choose_patient(request: Request, message_id: UUID) -> HttpResponse:
    patient_id = _offered(request, message_id, request.POST.get("patient", ""))
    actions.decide_patient(request.actor, message_id, patient_id=patient_id)
    return HttpResponseRedirect(reverse("interop:queue"))


@require_POST
@writes(MESSAGE_DECIDE)
def say_nobody(request: Request, message_id: UUID) -> HttpResponse:
    case = case_of(access.get(request.actor, MESSAGE_DECIDE, InboundMessage, message_id))
    candidates = [found.patient.pk for found in case.candidates] if case else []
    actions.decide_nobody(request.actor, message_id, candidates=candidates)
    return HttpResponseRedirect(reverse("interop:queue"))


@require_POST
@writes(MESSAGE_DECIDE)
def note_death(request: Request, message_id: UUID) -> HttpResponse:
    actions.decide_death(request.actor, message_id)
    return HttpResponseRedirect(reverse("interop:queue"))


@require_POST
@writes(MESSAGE_DECIDE)
def set_aside(request: Request, message_id: UUID) -> HttpResponse:
    actions.put_aside(request.actor, message_id, reason=request.POST.get("reason", ""))
    return HttpResponseRedirect(reverse("interop:queue"))


@require_POST
@writes(MESSAGE_DECIDE)
def try_again(request: Request, message_id: UUID) -> HttpResponse:
    actions.replay(request.actor, message_id)
    return HttpResponseRedirect(reverse("interop:queue"))


def _choices(case: Case) -> list[tuple[Candidate, Comparison, str]]:
    """Each with the words that warn of a homonym or a twin."""
    warned = namesakes(found.patient.pk for found in case.candidates)
    return [(found, _compared(case, found), warned.get(found.patient.pk, "")) for found in case.candidates]


def _to_merge(message: InboundMessage, case: Case | None) -> list[UUID]:
    """The two patients that the hospital says are one; merged, the message is played again by itself."""
    if case is None or message.outcome not in (MessageOutcome.TWO_PATIENTS, MessageOutcome.SEVERAL):
        return []
    return [found.patient.pk for found in case.candidates] if len(case.candidates) == 2 else []


def _offered(request: Request, message_id: UUID, chosen: str) -> UUID:
    """The patient must be one the page offered: the desk links nobody by a typed key."""
    case = case_of(access.get(request.actor, MESSAGE_DECIDE, InboundMessage, message_id))
    offered = {str(found.patient.pk): found.patient.pk for found in case.candidates} if case else {}
    if chosen not in offered:
        raise Invalid("Choisissez l’un des patients proposés.")
    return offered[chosen]


def _compared(case: Case, candidate: Candidate) -> Comparison:
    ours, theirs = candidate.patient, case.traits
    lines = (
        ("Nom de naissance", ours.birth_name, normalised_name(theirs.birth_name)),
        ("Prénoms de naissance", ours.birth_given_names, normalised_name(theirs.birth_given_names)),
        (
            "Date de naissance",
            long_date(ours.birth_date),
            long_date(theirs.birth_date) if theirs.birth_date else "",
        ),
        ("Sexe", ours.sex, theirs.sex),
        ("Lieu de naissance (code)", ours.birth_place_code, theirs.birth_place_code),
        ("Nom utilisé", ours.used_name, theirs.used_name),
        ("Matricule INS", ours.ins, theirs.ins),
    )
    pairs = tuple(Pair(label=label, old=old, new=new) for label, old, new in lines)
    return Comparison(old_title="Patient du dossier", new_title="Identité reçue", pairs=pairs)
