from django.db.models import Q

from terresante.care_team.access import changes, reaches, reads_home, writes_class
from terresante.care_team.enums import DataClass
from terresante.home_care.models import HomeAccess
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord

HOME_READ = Action("home.read", "Consulter l’accès au domicile")
HOME_WRITE = Action("home.write", "Noter l’accès au domicile")
OWN_HOME_WRITE = Action("own_home.write", "Dire l’accès à son domicile")


@rule(HOME_READ, CareRecord)
@rule(HOME_READ, HomeAccess, visible=True)
def homes_read(actor: Actor) -> Q:
    """Read by those whose profession goes to the door and who read coordination; by the person and those who act for
    her.
    """
    return reaches(actor, of=DataClass.COORDINATION) if reads_home(actor) else NOBODY


@rule(HOME_WRITE, CareRecord)
def homes_written(actor: Actor) -> Q:
    """Of those readers, the ones who write identity and contacts: most persons have no account to say it themselves."""
    if actor.kind != ActorKind.PROFESSIONAL or not (
        reads_home(actor) and writes_class(actor, DataClass.CIRCLE)
    ):
        return NOBODY
    return changes(actor, of=DataClass.COORDINATION)


@rule(OWN_HOME_WRITE, CareRecord)
def own_homes_written(actor: Actor) -> Q:
    """The person, who represents her, her carer: he often has the key (DOMAIN.md 2.1)."""
    return reaches(actor) if actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE) else NOBODY
