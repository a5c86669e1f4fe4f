"""Who acts on alerts: the cell's structure, and those whom the cell names, as far as they write the class."""

from django.db.models import Q

from terresante.care_team.access import changes, classes_read, shares
from terresante.directory.access import administered
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.questionnaires.enums import PATHWAY_CLASSES
from terresante.telemonitoring.access import of_follow_ups
from terresante.telemonitoring.models import Alert, Call, Cell, FollowUp

BOARD_LIST = Action("follow_up.board.list", "Consulter le tableau de télésuivi")
ALERT_READ = Action("alert.read", "Consulter les alertes de télésuivi")
ALERT_TAKE = Action("alert.take", "Prendre ou rendre une alerte")
ALERT_CALL = Action("alert.call", "Noter un appel de télésuivi")
ALERT_PASS = Action("alert.pass", "Transmettre une alerte au médecin")
ALERT_CLOSE = Action("alert.close", "Clore une alerte")
# By jobs.
ALERT_OPEN = Action("alert.open", "Ouvrir une alerte")
ALERT_CLIMB = Action("alert.climb", "Passer une alerte au niveau suivant")
STATISTICS_READ = Action("cell.statistics.read", "Consulter l’activité d’une cellule de télésuivi")
CELL_MANAGE = Action("cell.manage", "Gérer une cellule de télésuivi")


@rule(BOARD_LIST, FollowUp)
def follow_ups_on_a_board(actor: Actor) -> Q:
    """Those that a professional reads, whoever watches them."""
    return shares(actor, one_by_one=True) if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(ALERT_READ, Alert, visible=True)
@rule(ALERT_READ, Call, visible=True)
def alerts_of_follow_ups_read(actor: Actor) -> Q:
    """The circle. How a cell works is not told to who is followed: she is told what was done, by whom she talks to."""
    if actor.kind == ActorKind.JOB:
        return Q()
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    return of_follow_ups(shares(actor, one_by_one=True))


def classes_on_a_board(actor: Actor) -> list[str]:
    """The classes of pathways that this professional reads; `board_groups` checks the rest for each row."""
    read = classes_read(actor)
    return [name.value for name in PATHWAY_CLASSES if name in read]


def acts_for_cell(actor: Actor) -> Q:
    """Follow-ups that this actor watches: in the cell's structure, or named by the cell as its second or its physician.

    A profession that reads no class of pathway sees no row at all (`shares`).
    """
    if actor.kind != ActorKind.PROFESSIONAL or actor.user_id is None:
        return NOBODY
    if not classes_on_a_board(actor):
        return NOBODY
    named = Q(cell__second_level_id=actor.user_id) | Q(cell__physician_id=actor.user_id)
    return Q(cell__organization_id=actor.organization_id) | named


@rule(ALERT_TAKE, FollowUp)
@rule(ALERT_CALL, FollowUp)
@rule(ALERT_PASS, FollowUp)
@rule(ALERT_CLOSE, FollowUp)
def follow_ups_watched(actor: Actor) -> Q:
    return changes(actor) & shares(actor) & acts_for_cell(actor)


@rule(CELL_MANAGE, Cell)
def cells_managed(actor: Actor) -> Q:
    return administered(actor, "organization__") if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(STATISTICS_READ, Cell)
def cells_counted(actor: Actor) -> Q:
    """Numbers name nobody: read by those who work in the structure of the cell, or manage it."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return NOBODY
    return Q(organization_id=actor.organization_id) | cells_managed(actor)
