"""Who reads, proposes and accepts that a colleague takes patients over."""

from django.db.models import Q

from terresante.care_team import matrix
from terresante.care_team.enums import RoleGroup
from terresante.care_team.models import HandOver, HandOverItem
from terresante.directory.enums import Duty
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import SqlCondition

HAND_OVER_READ = Action("hand_over.read", "Consulter les relais")
HAND_OVER_PROPOSE = Action("hand_over.propose", "Proposer un relais")
HAND_OVER_ANSWER = Action("hand_over.answer", "Répondre à un relais")


def leads_structure(actor: Actor) -> bool:
    """Its administrator, or one of its coordinators: he follows the hand-overs of those who work there."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return False
    return actor.has_duty(Duty.ADMINISTRATOR) or matrix.group_of(actor.role) == RoleGroup.COORDINATOR


@rule(HAND_OVER_READ, HandOver, visible=True)
def hand_overs_read(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    mine = Q(giver_id=actor.person_id) | Q(taker_id=actor.person_id)
    return mine | Q(organization_id=actor.organization_id) if leads_structure(actor) else mine


@rule(HAND_OVER_READ, HandOverItem, visible=True)
def hand_over_items_read(actor: Actor) -> Q:
    """The two persons: a structure follows how many wait, not who they are. Nobody when the patient opposes."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    parties = Q(hand_over__giver_id=actor.person_id) | Q(hand_over__taker_id=actor.person_id)
    return parties & Q(SqlCondition("hand_over_stands({0})", "pk"))


@rule(HAND_OVER_PROPOSE, HandOver)
def hand_overs_withdrawn(actor: Actor) -> Q:
    own = Q(giver_id=actor.person_id)
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return own | Q(organization_id=actor.organization_id) if leads_structure(actor) else own


@rule(HAND_OVER_ANSWER, HandOver)
def hand_overs_answered(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(taker_id=actor.person_id)
