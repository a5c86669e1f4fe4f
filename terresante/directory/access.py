"""No patient data here, but the coordinates of people: whoever reads them is known."""

from django.db.models import Exists, OuterRef, Q

from terresante.accounts.access import ACCOUNT_ASSIST, ACCOUNT_LIST, ACCOUNT_MANAGE, ACCOUNT_OPEN
from terresante.accounts.models import User
from terresante.directory.enums import GIVEN_BY, PHYSICIANS, PLATFORM_DUTIES, Duty
from terresante.directory.models import (
    Delegation,
    DirectoryImport,
    DirectoryImportRejection,
    Organization,
    Practitioner,
    PractitionerRole,
    Registration,
    SupportRequest,
    Unit,
)
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import SqlCondition
from terresante.kernel.errors import Refused

DIRECTORY_READ = Action("directory.read", "Consulter l’annuaire")
DIRECTORY_EDIT = Action("directory.edit", "Modifier l’annuaire")
DIRECTORY_IMPORT = Action("directory.import", "Importer les annuaires nationaux")
MEMBERS_READ = Action("member.list", "Consulter les membres d’une structure")
MEMBERS_MANAGE = Action("member.manage", "Gérer les membres d’une structure")
DUTIES_GIVE = Action("duty.give", "Confier ou retirer une fonction")
UNITS_MANAGE = Action("unit.manage", "Gérer les unités d’une structure")
REGISTRATION_DECIDE = Action("registration.decide", "Examiner une demande d’inscription")
SUPPORT_DESK = Action("support.serve", "Aider un professionnel à la cellule d’appui")
DELEGATION_GIVE = Action("delegation.give", "Confier son secrétariat")
DELEGATION_END = Action("delegation.end", "Mettre fin à une délégation de secrétariat")

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


@rule(DELEGATION_END, Delegation, visible=True)
def own_delegations(actor: Actor) -> Q:
    """Of the physician and of the secretary: either of the two may end one."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(physician_id=actor.person_id) | Q(secretary_id=actor.person_id)


def gives_delegations(actor: Actor) -> bool:
    return actor.kind == ActorKind.PROFESSIONAL and actor.role in PHYSICIANS


def is_administrator(actor: Actor) -> bool:
    return actor.kind == ActorKind.PROFESSIONAL and actor.has_duty(Duty.ADMINISTRATOR)


def is_local_administrator(actor: Actor) -> bool:
    """Of the structure he works for now, and of its parts."""
    is_so = actor.kind == ActorKind.PROFESSIONAL and actor.has_duty(Duty.LOCAL_ADMINISTRATOR)
    return is_so and actor.organization_id is not None


def administers(actor: Actor) -> bool:
    return is_administrator(actor) or is_local_administrator(actor)


def require_administration(actor: Actor) -> None:
    """For the pages that list: an empty list would not say why."""
    if not administers(actor):
        raise Refused("L’administration est réservée aux administrateurs : demandez-leur cette modification.")


def is_support_agent(actor: Actor) -> bool:
    return actor.kind == ActorKind.PROFESSIONAL and actor.has_duty(Duty.SUPPORT_AGENT)


def require_support_agent(actor: Actor) -> None:
    if not is_support_agent(actor):
        raise Refused("Cette page est celle de la cellule d’appui.")


def duties_given_by(actor: Actor) -> frozenset[str]:
    """Those that this administrator gives and takes: no more than he holds."""
    return frozenset(duty for held in actor.duties for duty in GIVEN_BY.get(held, ()))


def administered(actor: Actor, organization: str = "") -> Q:
    """Structures this administrator manages: all, or his own and its parts, three levels deep (entity, site, service).

    `organization` leads to the structure from the rows asked for, as in "organization__".
    """
    if is_administrator(actor):
        return EVERYTHING
    if not is_local_administrator(actor):
        return NOBODY
    mine = actor.organization_id
    return (
        Q(**{f"{organization}id": mine})
        | Q(**{f"{organization}part_of_id": mine})
        | Q(**{f"{organization}part_of__part_of_id": mine})
    )


@rule(MEMBERS_READ, Organization)
@rule(MEMBERS_MANAGE, Organization)
@rule(UNITS_MANAGE, Organization)
def structures_administered(actor: Actor) -> Q:
    return administered(actor)


@rule(MEMBERS_MANAGE, PractitionerRole)
def roles_administered(actor: Actor) -> Q:
    return administered(actor, "organization__")


@rule(DUTIES_GIVE, PractitionerRole)
def duties_administered(actor: Actor) -> Q:
    """Never one's own: two persons stand behind each duty."""
    return administered(actor, "organization__") & ~Q(practitioner_id=actor.person_id)


@rule(UNITS_MANAGE, Unit)
def units_administered(actor: Actor) -> Q:
    return administered(actor, "organization__")


@rule(REGISTRATION_DECIDE, Registration, visible=True)
def registrations_examined(actor: Actor) -> Q:
    return administered(actor, "organization__")


@rule(SUPPORT_DESK, SupportRequest, visible=True)
def requests_of_the_desk(actor: Actor) -> Q:
    """Of his own desk: agents of one desk see one another's."""
    return Q(organization_id=actor.organization_id) if is_support_agent(actor) else NOBODY


_OPEN = """({0} <= (statement_timestamp() AT TIME ZONE 'Europe/Paris')::date
    AND ({1} IS NULL OR {1} > (statement_timestamp() AT TIME ZONE 'Europe/Paris')::date))"""


def open_today() -> Q:
    """Roles of today, by the database's clock."""
    return Q(SqlCondition(_OPEN, "period_start", "period_end"))


def _only_here(actor: Actor, **found: OuterRef) -> Q:
    """Those who work only in structures that this administrator manages, and hold no duty that reaches beyond them."""
    roles = PractitionerRole.objects.filter(open_today(), **found)
    here = Q(organization__in=Organization.objects.filter(administered(actor)))
    reaches_beyond = Q(duties__overlap=sorted(PLATFORM_DUTIES))
    return Q(Exists(roles.filter(here))) & ~Q(Exists(roles.filter(~here | reaches_beyond)))


@rule(ACCOUNT_LIST, User, visible=True)
def accounts_listed(actor: Actor) -> Q:
    """Of professionals: those who work in the structures one manages, all for the platform and for the support desk."""
    if is_administrator(actor) or is_support_agent(actor):
        return Q(practitioner__isnull=False)
    if not is_local_administrator(actor):
        return NOBODY
    here = Organization.objects.filter(administered(actor))
    works = PractitionerRole.objects.filter(
        open_today(), practitioner__user_id=OuterRef("pk"), organization__in=here
    )
    return Q(Exists(works))


@rule(ACCOUNT_MANAGE, User)
def accounts_managed(actor: Actor) -> Q:
    """Never one's own. A delegated administrator leaves to the platform who also works elsewhere."""
    others = Q(practitioner__isnull=False) & ~Q(pk=actor.user_id)
    if is_administrator(actor):
        return others
    return others & _only_here(actor, practitioner__user_id=OuterRef("pk")) if administers(actor) else NOBODY


@rule(ACCOUNT_ASSIST, User)
def accounts_assisted(actor: Actor) -> Q:
    """For acts that help somebody log in without letting anybody else in."""
    return accounts_listed(actor)


@rule(ACCOUNT_OPEN, Practitioner)
def practitioners_without_account(actor: Actor) -> Q:
    """A delegated administrator opens accounts to those who work in his structure alone: an account opens every circle
    of its owner, also those of elsewhere.
    """
    free = Q(active=True, user__isnull=True)
    if is_administrator(actor) or is_support_agent(actor):
        return free
    return free & _only_here(actor, practitioner_id=OuterRef("pk")) if administers(actor) else NOBODY
