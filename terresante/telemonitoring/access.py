"""A follow-up is read as the class of its pathway; what hangs on it, by who reads it."""

from django.db.models import Q

from terresante.care_team.access import changes, reaches, reads_class, shares, writes_class
from terresante.care_team.enums import DataClass
from terresante.directory.access import EVERYTHING
from terresante.kernel.access import NOBODY, Action, points_to, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord
from terresante.questionnaires.enums import PATHWAY_CLASSES
from terresante.telemonitoring.models import AnswerLink, Cell, Contact, Expected, FollowUp, ThresholdChange

FOLLOW_UP_READ = Action("follow_up.read", "Consulter les télésuivis")
FOLLOW_UP_ENROL = Action("follow_up.enrol", "Commencer un télésuivi")
FOLLOW_UP_MANAGE = Action("follow_up.manage", "Modifier un télésuivi")
FOLLOW_UP_END = Action("follow_up.end", "Terminer un télésuivi")
# What jobs do for everybody together.
FOLLOW_UP_REMIND = Action("follow_up.remind", "Rappeler les questionnaires du jour")
FOLLOW_UP_COLOUR = Action("follow_up.colour", "Signaler les questionnaires non remplis")
LINK_MAKE = Action("follow_up.link", "Donner un lien de réponse")
LINK_OPEN = Action("follow_up.link.open", "Répondre par un lien")
LINK_READ = Action("follow_up.link.read", "Consulter le lien de réponse")
CONTACT_READ = Action("contact.read", "Consulter les contacts d’un cas index")
CONTACT_WRITE = Action("contact.write", "Modifier les contacts d’un cas index")
CELL_READ = Action("cell.read", "Consulter les cellules de télésuivi")


def _reads_some(actor: Actor) -> bool:
    return any(reads_class(actor, name) for name in PATHWAY_CLASSES)


def _written(actor: Actor) -> list[str]:
    if actor.kind == ActorKind.JOB:
        return [name.value for name in PATHWAY_CLASSES]
    return [name.value for name in PATHWAY_CLASSES if writes_class(actor, name)]


@rule(FOLLOW_UP_READ, FollowUp, visible=True)
def follow_ups_shared_with(actor: Actor) -> Q:
    return shares(actor)


@rule(FOLLOW_UP_READ, CareRecord)
def records_whose_follow_ups_are_read(actor: Actor) -> Q:
    return reaches(actor) if _reads_some(actor) else NOBODY


@rule(FOLLOW_UP_ENROL, CareRecord)
def records_enrolled(actor: Actor) -> Q:
    """Who may bring the cell in: a professional who writes the circle. Which pathway he begins, the action says."""
    if actor.kind == ActorKind.JOB:
        return changes(actor)
    if not _written(actor) or not writes_class(actor, DataClass.CIRCLE):
        return NOBODY
    return changes(actor)


@rule(FOLLOW_UP_MANAGE, FollowUp)
@rule(LINK_MAKE, FollowUp)
def follow_ups_managed(actor: Actor) -> Q:
    """The circle, the cell's structure included, as far as each profession writes the class."""
    written = _written(actor)
    if actor.kind not in (ActorKind.PROFESSIONAL, ActorKind.JOB) or not written:
        return NOBODY
    return changes(actor) & shares(actor) & Q(data_class__in=written)


@rule(FOLLOW_UP_END, FollowUp)
def follow_ups_ended(actor: Actor) -> Q:
    """By those who write the circle: the cell then leaves it."""
    if actor.kind != ActorKind.JOB and not writes_class(actor, DataClass.CIRCLE):
        return NOBODY
    return follow_ups_managed(actor)


@rule(FOLLOW_UP_MANAGE, CareRecord)
def records_whose_follow_ups_are_managed(actor: Actor) -> Q:
    if actor.kind not in (ActorKind.PROFESSIONAL, ActorKind.JOB) or not _written(actor):
        return NOBODY
    return changes(actor)


def of_follow_ups(follow_ups: Q) -> Q:
    return points_to(FollowUp, follow_ups, by="follow_up_id")


@rule(FOLLOW_UP_READ, Expected, visible=True)
def expected_of_follow_ups_read(actor: Actor) -> Q:
    return of_follow_ups(shares(actor))


@rule(FOLLOW_UP_READ, ThresholdChange, visible=True)
def thresholds_set_read(actor: Actor) -> Q:
    """Read by the circle. The person hears of a threshold from those she talks to, as she does of an alert."""
    if actor.kind not in (ActorKind.PROFESSIONAL, ActorKind.JOB):
        return NOBODY
    return of_follow_ups(shares(actor))


@rule(LINK_READ, AnswerLink, visible=True)
def links_read(actor: Actor) -> Q:
    """The circle. Who answers by a link is known by its two secrets, never by this row."""
    return of_follow_ups(follow_ups_managed(actor))


@rule(CONTACT_READ, Contact, visible=True)
def contacts_read(actor: Actor) -> Q:
    """An index case tells her circle whom she met; nobody else reads it, and not those who act for her: a carer may be
    one of them.
    """
    if actor.kind == ActorKind.REPRESENTATIVE:
        return NOBODY
    return of_follow_ups(shares(actor))


@rule(CONTACT_WRITE, Contact)
def contacts_written(actor: Actor) -> Q:
    return of_follow_ups(follow_ups_managed(actor))


@rule(CONTACT_WRITE, FollowUp)
def follow_ups_with_contacts(actor: Actor) -> Q:
    return follow_ups_managed(actor)


@rule(CELL_READ, Cell, visible=True)
def cells_known(actor: Actor) -> Q:
    """Who watches, and when: no patient's data, told to whoever is followed or enrols."""
    return (
        EVERYTHING
        if actor.user_id is not None or actor.kind in (ActorKind.JOB, ActorKind.GATEWAY)
        else NOBODY
    )
