from django.db.models import Q

from terresante.directory.access import EVERYTHING, is_administrator
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.terminology.models import ValueSet

TERMINOLOGY_READ = Action("terminology.read", "Consulter les nomenclatures")
TERMINOLOGY_LOAD = Action("terminology.load", "Charger des nomenclatures")


@rule(TERMINOLOGY_READ, ValueSet)
def sets_listed(actor: Actor) -> Q:
    return EVERYTHING if is_administrator(actor) else NOBODY


@rule(TERMINOLOGY_LOAD, ValueSet)
def sets_loaded(actor: Actor) -> Q:
    """By the command alone: a list comes from its publisher, as a file that an operator puts there."""
    return EVERYTHING if actor.kind == ActorKind.JOB else NOBODY


def require_administrator(actor: Actor) -> None:
    if not is_administrator(actor):
        raise Refused("Les nomenclatures se consultent avec l’administration de la plateforme.")
