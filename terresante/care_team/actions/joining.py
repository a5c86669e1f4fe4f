"""A professional asks to come into a circle: nothing opens before the circle, or the patient, has said yes."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from terresante.care_team.access import (
    CIRCLE_EDIT,
    JOIN_ANSWER,
    JOIN_ASK,
    OWN_CIRCLE_EDIT,
    is_support_desk,
)
from terresante.care_team.enums import DataClass, JoinReason, JoinState
from terresante.care_team.events import JoinAnswered, JoinAsked, MemberJoined
from terresante.care_team.models import JoinRequest
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import in_trail
from terresante.kernel import access, audit, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id

ASKED_A_DAY = 10
WHO_MAY_ASK = (
    "Un professionnel demande lui-même à rejoindre un cercle, en son nom et dans une structure où il exerce."
)
OTHER_IN_WORDS = "Précisez cette raison en quelques mots."
GONE = "Cette demande n’attend plus de réponse : elle a été retirée, a expiré, ou quelqu’un y a répondu."
_NOT_ASKED = {
    "member": "Vous faites déjà partie de ce cercle : ouvrez le dossier depuis « Mes patients ».",
    "waiting": "Vous avez déjà une demande en attente pour cette personne : sa réponse viendra dans « Mes demandes ».",
    "too_soon": "Votre demande précédente a été refusée il y a moins de trente jours : joignez un membre du cercle.",
    "often": f"Vous avez fait {ASKED_A_DAY} demandes en une journée : recommencez demain.",
}
_NOT_ADDED = {
    "unshared": "Vous n’êtes pas encore informé de ce dossier : demandez à votre médecin de le faire d’abord.",
    "opposed": "Vous vous opposez à ce dossier : levez d’abord votre opposition, dans « Mes choix ».",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why somebody comes in. `words`: read by the circle, the person and himself; at most 300 signs are kept."""

    reason: JoinReason
    words: str = ""

    def checked(self) -> "Reason":
        """Raises Invalid for another reason that says nothing."""
        words = " ".join(self.words.split())[:300]
        if self.reason == JoinReason.OTHER and not words:
            raise Invalid(OTHER_IN_WORDS, fields={"words": OTHER_IN_WORDS})
        return Reason(reason=self.reason, words=words)


def may_ask(actor: Actor) -> bool:
    """In his own name: neither a support agent, nor a secretary for her physician. The database says it too."""
    works = actor.kind == ActorKind.PROFESSIONAL and actor.organization_id is not None
    return works and actor.principal_id is None and not is_support_desk(actor)


def check_may_ask(actor: Actor) -> None:
    if not may_ask(actor):
        raise Refused(WHO_MAY_ASK)


@action
def ask_to_join(actor: Actor, patient_id: UUID, *, why: Reason) -> UUID:
    """The circle that may know of it and the patient are told; it waits thirty days.

    Raises Refused for who may not ask, Conflict when he is a member, already waits, was refused within thirty days or
    asked ten times in a day, NotFound without a record that he may know of.
    """
    check_may_ask(actor)
    why, key = why.checked(), new_id()
    outcome = sql.value("SELECT ask_to_join(%s, %s, %s, %s)", key, patient_id, why.reason, why.words)
    if outcome == "refused":
        raise Refused(WHO_MAY_ASK)
    if outcome in _NOT_ASKED:
        raise Conflict(_NOT_ASKED[str(outcome)])
    if outcome != "asked":
        raise NotFound
    tell_of_request(actor, JOIN_ASK, JoinRequest.objects.get(pk=key))
    return key


def tell_of_request(actor: Actor, done: Action, asked: JoinRequest) -> None:
    """In the trail and to the circle, as far as they may know of who asks."""
    audit.record(actor, done, patient_id=asked.patient_id, about=asked, detail=in_trail(asked))
    emit(
        actor,
        JoinAsked(
            patient_id=asked.patient_id,
            object_id=asked.pk,
            data_class=DataClass.CIRCLE,
            sector=asked.sector,
            restricted_to_id=asked.restricted_to_id,
        ),
    )


@action
def withdraw_request(actor: Actor, request_id: UUID) -> None:
    """Raises NotFound for another's, Conflict when it no longer waits."""
    request = access.get(actor, JOIN_ASK, JoinRequest, request_id)
    if not sql.value("SELECT withdraw_join_request(%s)", request_id):
        raise Conflict(GONE)
    detail = {"withdrawn": True, **in_trail(request)}
    audit.record(actor, JOIN_ASK, patient_id=request.patient_id, about=request, detail=detail)


@action
def refuse_request(actor: Actor, record_id: UUID, request_id: UUID, *, words: str) -> None:
    """By somebody of the circle; `words` are read by who asked. Raises Conflict when it no longer waits."""
    record = open_record(actor, record_id, action=CIRCLE_EDIT).record
    request = access.get(actor, JOIN_ANSWER, JoinRequest, request_id, lock=True)
    if request.record_id != record.pk:
        raise NotFound
    if not request.is_waiting:
        raise Conflict(GONE)
    _answer(actor, request, JoinState.REFUSED, words)


def accept_requests(actor: Actor, patient_id: UUID, practitioner_id: UUID, *, words: str) -> None:
    """Of somebody who has just come in: what he asked is answered."""
    for request in waiting_of(patient_id).filter(practitioner_id=practitioner_id):
        _answer(actor, request, JoinState.ACCEPTED, words)


def waiting_of(patient_id: UUID) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(patient_id=patient_id, state=JoinState.ASKED, expires_at__gt=Now())


@action
def answer_own_request(
    actor: Actor, record_id: UUID, request_id: UUID, *, accepts: bool, words: str = ""
) -> JoinRequest:
    """By the patient or who represents him by law: his yes is his consent (D1110-3-1 CSP), dated and kept.

    Raises Refused before he is informed or while he opposes the record, Conflict when it no longer waits.
    """
    opened = open_record(actor, record_id, action=OWN_CIRCLE_EDIT)
    request = access.get(
        actor, JOIN_ANSWER, JoinRequest, request_id, related=("practitioner", "organization")
    )
    if request.patient_id != opened.patient.pk:
        raise NotFound
    participant_id, proof = new_id(), "Donné dans l’espace de la personne"
    outcome = sql.value(
        "SELECT patient_answers_request(%s, %s, %s, %s, %s, %s, %s)",
        *(request_id, accepts, " ".join(words.split()), participant_id, new_id(), actor.name, proof),
    )
    if outcome in _NOT_ADDED:
        raise Refused(_NOT_ADDED[str(outcome)])
    if outcome not in (JoinState.ACCEPTED, JoinState.REFUSED):
        raise Conflict(GONE)
    detail = {"state": str(outcome), "asked_by": str(request.practitioner_id)}
    audit.record(actor, OWN_CIRCLE_EDIT, patient_id=request.patient_id, about=request, detail=detail)
    _tell_answer(actor, request)
    if accepts:
        _tell_joined(actor, request, participant_id)
    return request


def _answer(actor: Actor, asked: JoinRequest, state: JoinState, words: str) -> None:
    JoinRequest.objects.filter(pk=asked.pk).update(
        state=state, answer=" ".join(words.split())[:300], answered_at=timezone.now()
    )
    detail = {"state": str(state), "asked_by": str(asked.practitioner_id)}
    audit.record(actor, JOIN_ANSWER, patient_id=asked.patient_id, about=asked, detail=detail)
    _tell_answer(actor, asked)


def _tell_answer(actor: Actor, asked: JoinRequest) -> None:
    emit(actor, JoinAnswered(object_id=asked.pk, practitioner_id=asked.practitioner_id))


def _tell_joined(actor: Actor, asked: JoinRequest, participant_id: UUID) -> None:
    joined = MemberJoined(
        patient_id=asked.patient_id,
        object_id=participant_id,
        member_id=asked.practitioner_id,
        by_user_id=actor.user_id,
        data_class=DataClass.CIRCLE,
        sector=asked.sector,
        restricted_to_id=asked.restricted_to_id,
    )
    emit(actor, joined)
