from django.db.models import Q

from terresante.care_team.access import reaches, shares
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord
from terresante.stays.enums import EncounterStatus
from terresante.stays.models import Encounter, EncounterMovement

STAY_READ = Action("stay.read", "Consulter les séjours")
STAY_REPORT = Action("stay.report", "Enregistrer un mouvement hospitalier")


@rule(STAY_READ, Encounter, visible=True)
def stays_shared_with(actor: Actor) -> Q:
    """One that was taken back is nobody's to read: listed as cancelled, it would tell by contrast that another, gone
    from the list, became secret.
    """
    return shares(actor) & ~Q(status=EncounterStatus.CANCELLED)


@rule(STAY_READ, EncounterMovement, visible=True)
def movements_shared_with(actor: Actor) -> Q:
    return shares(actor)


@rule(STAY_READ, CareRecord)
def records_with_stays(actor: Actor) -> Q:
    return reaches(actor)


@rule(STAY_REPORT, CareRecord)
def records_reported_to(actor: Actor) -> Q:
    """A hospital reports on the persons it knows in its own identity domain; nobody types a movement."""
    return reaches(actor) if actor.kind == ActorKind.GATEWAY else NOBODY
