"""Patients are handed over to a colleague: proposed, accepted one by one, and only then moved."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import HAND_OVER_ANSWER, HAND_OVER_PROPOSE, leads_structure
from terresante.care_team.enums import HandOverKind
from terresante.care_team.events import HandedOver, HandOverProposed, MemberJoined, MemberLeft, RecordClosed
from terresante.care_team.models import HandOver, HandOverItem
from terresante.directory.models import Practitioner
from terresante.kernel import access, audit, rls, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id

_REFUSALS = {
    "refused": "Proposez le relais de vos propres patients, ou de ceux d’un professionnel de votre structure.",
    "not_active": "Ce collègue n’est plus en activité dans l’annuaire : choisissez-en un autre.",
    "not_doctor": "Seul un médecin peut être médecin traitant : choisissez un médecin, ou laissez ces patients.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`periods`: which of the giver's memberships; None, all those where he has a role."""

    giver_id: UUID
    taker_id: UUID
    periods: Collection[UUID] | None
    returns_on: date | None = None


@action
def propose_hand_over(actor: Actor, proposal: Proposal) -> UUID:
    """Raises Refused for the patients of somebody else's structure, Invalid for a colleague or a date that cannot be,
    Conflict when no patient is left to hand over: a consent names one person, and a patient is proposed once at a time.
    """
    if actor.kind != ActorKind.PROFESSIONAL or (
        actor.person_id != proposal.giver_id and not leads_structure(actor)
    ):
        raise Refused(_REFUSALS["refused"])
    if proposal.returns_on is not None and proposal.returns_on <= timezone.localdate():
        sentence = "Le retour est après aujourd’hui."
        raise Invalid(sentence, fields={"returns_on": sentence})
    key, kind = new_id(), HandOverKind.LEAVE if proposal.returns_on else HandOverKind.DEFINITIVE
    periods = None if proposal.periods is None else list(proposal.periods)
    outcome = sql.value(
        "SELECT propose_hand_over(%s, %s, %s, %s::uuid[], %s, %s, %s)",
        key,
        proposal.giver_id,
        proposal.taker_id,
        periods,
        kind,
        proposal.returns_on,
        actor.name,
    )
    if outcome in ("not_active", "not_doctor"):
        raise Invalid(_REFUSALS[outcome], fields={"taker": _REFUSALS[outcome]})
    if outcome == "refused":
        raise Refused(_REFUSALS["refused"])
    if outcome == "nobody":
        raise Conflict(
            "Aucun de ces patients ne peut être proposé : il l’est déjà, ou son accord ne vaut que pour vous."
        )
    audit.record(actor, HAND_OVER_PROPOSE, about=HandOver(pk=key), detail={"taker": str(proposal.taker_id)})
    emit(actor, HandOverProposed(object_id=key, taker_id=proposal.taker_id))
    return key


@action
def answer_hand_over(actor: Actor, hand_over_id: UUID, *, items: Collection[UUID], accepts: bool) -> int:
    """How many patients moved, or were refused. Raises Conflict when none can be answered any more."""
    hand_over = access.get(actor, HAND_OVER_ANSWER, HandOver, hand_over_id)
    done = 0
    for item in HandOverItem.objects.filter(hand_over=hand_over, pk__in=list(items)).order_by("pk"):
        outcome = sql.value("SELECT answer_hand_over(%s, %s)", item.pk, accepts)
        if outcome == "accepted":
            _tell(actor, item.pk, item.patient_id)
        elif outcome == "refused":
            audit.record(
                actor, HAND_OVER_ANSWER, patient_id=item.patient_id, about=item, detail={"state": outcome}
            )
        done += outcome in ("accepted", "refused")
    if not done:
        raise Conflict(
            "Ces patients ne peuvent plus être repris : le relais a expiré, ou leur cercle a changé."
        )
    return done


@action
def withdraw_hand_over(actor: Actor, hand_over_id: UUID) -> None:
    """What was not answered is no longer proposed. Raises Conflict when everything was."""
    hand_over = access.get(actor, HAND_OVER_PROPOSE, HandOver, hand_over_id)
    if not sql.value("SELECT withdraw_hand_over(%s)", hand_over.pk):
        raise Conflict("Chaque patient de ce relais a déjà sa réponse.")
    audit.record(actor, HAND_OVER_PROPOSE, about=hand_over, detail={"withdrawn": True})


@action
def propose_returns(actor: Actor, *, today: date) -> int:
    """At the end of a leave, its patients are proposed back to whom they came from; how many hand-overs."""
    returns = sql.rows("SELECT hand_over_id, taker_id FROM propose_returns(%s)", today)
    for key, taker_id in returns:
        emit(actor, HandOverProposed(object_id=key, taker_id=taker_id))
    audit.record(actor, HAND_OVER_PROPOSE, detail={"returns": len(returns)})
    return len(returns)


def _tell(actor: Actor, item_id: UUID, patient_id: UUID) -> None:
    """The actor is a member from now on: he opens the record, and says who left and who came."""
    if not rls.open_record(patient_id):
        raise NotFound
    item = HandOverItem.objects.select_related("given__practitioner", "taken").get(pk=item_id)
    given, taken = item.given, item.taken
    if taken is None or given.practitioner_id is None:
        raise ValueError("accepted: both periods are there")
    for kind, period in ((MemberLeft, given), (MemberJoined, taken)):
        emit(actor, kind(**period.told(), by_user_id=actor.user_id))
    giver = Practitioner.objects.get(pk=given.practitioner_id)
    moved = HandedOver(
        patient_id=item.patient_id,
        object_id=item.pk,
        giver_user_id=giver.user_id,
        taker_user_id=actor.user_id,
        sector=given.sector,
        restricted_to_id=given.restricted_to_id,
    )
    emit(actor, moved)
    # The giver reads on; whoever acts for him does not.
    emit(actor, RecordClosed(patient_id=item.patient_id, object_id=given.pk, member_id=giver.pk))
    detail = {"state": "accepted", "from": str(giver.pk), "role": item.role}
    audit.record(actor, HAND_OVER_ANSWER, patient_id=item.patient_id, about=item, detail=detail)
