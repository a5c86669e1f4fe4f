"""No patient data here, but the coordinates of people: whoever reads them is known."""

from django.db.models import Q

from terresante.directory.enums import Duty
from terresante.directory.models import (
    DirectoryImport,
    DirectoryImportRejection,
    Organization,
    Practitioner,
    PractitionerRole,
    Unit,
)
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused

DIRECTORY_READ = Action("directory.read", "Consulter l’annuaire")
DIRECTORY_EDIT = Action("directory.edit", "Modifier l’annuaire")
DIRECTORY_IMPORT = Action("directory.import", "Importer les annuaires nationaux")

EVERYTHING = Q()
# Accounts of people come with a user; these two have none.
PROGRAMS = frozenset({ActorKind.GATEWAY, ActorKind.JOB})


@rule(DIRECTORY_READ, Practitioner, visible=True)
@rule(DIRECTORY_READ, PractitionerRole, visible=True)
@rule(DIRECTORY_READ, Organization, visible=True)
@rule(DIRECTORY_READ, Unit, visible=True)
def read_by_known_actors(actor: Actor) -> Q:
    return EVERYTHING if actor.user_id is not None or actor.kind in PROGRAMS else NOBODY


@rule(DIRECTORY_EDIT, Practitioner)
@rule(DIRECTORY_EDIT, PractitionerRole)
@rule(DIRECTORY_EDIT, Organization)
@rule(DIRECTORY_EDIT, Unit)
@rule(DIRECTORY_IMPORT, DirectoryImport, visible=True)
@rule(DIRECTORY_IMPORT, DirectoryImportRejection, visible=True)
def kept_by_administrators(actor: Actor) -> Q:
    return EVERYTHING if keeps_directory(actor) else NOBODY


def keeps_directory(actor: Actor) -> bool:
    return actor.has_duty(Duty.ADMINISTRATOR) or actor.kind == ActorKind.JOB


def require_keeper(actor: Actor) -> None:
    if not keeps_directory(actor):
        raise Refused("L’annuaire est tenu par les administrateurs : demandez-leur cette modification.")
