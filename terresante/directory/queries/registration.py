"""Who registers, as the directory knows him, and the requests that wait."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from terresante.directory.access import DIRECTORY_READ, REGISTRATION_DECIDE, is_administrator, open_today
from terresante.directory.enums import REGISTERED, Profession, RegistrationState
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Registration
from terresante.directory.names import search_form
from terresante.directory.queries import practitioners_at, search_organizations
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.ids import key_of

MOST_FOUND = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSelf:
    """A line of the directory for whom registers: what it publishes, and where a code would go, masked."""

    practitioner: Practitioner
    places: list[str]
    address: str


def find_self(
    actor: Actor, *, family_name: str, given_name: str, number: str, profession: Profession, commune: str
) -> list[FoundSelf]:
    """Working today, with or without an account: the answer does not tell. By the number, else by the place."""
    words = search_form(family_name)
    if not words or not (number or commune.strip()):
        return []
    works = PractitionerRole.objects.filter(
        open_today(), practitioner_id=OuterRef("pk"), organization__active=True
    )
    rows = access.list(actor, DIRECTORY_READ, Practitioner).filter(
        Exists(works), active=True, profession=profession, search_name__startswith=words
    )
    if number:
        rows = rows.filter(Q(rpps=number) | Q(adeli=number))
    else:
        rows = rows.filter(pk__in=practitioners_at(commune))
    first = search_form(given_name)
    found = [row for row in rows.order_by("search_name", "pk")[:50] if _bears(row, words, first)]
    return [
        FoundSelf(practitioner=row, places=_places(row), address=masked(row.mssante_email or row.email))
        for row in found[:MOST_FOUND]
    ]


def masked(address: str) -> str:
    """Enough for its owner to know which one, not for another to learn it."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if at else ""


def places_called(actor: Actor, words: str) -> list[Organization]:
    return search_organizations(actor, text=words, limit=8) if words.strip() else []


def registrations_waiting(actor: Actor) -> QuerySet[Registration]:
    """The oldest first: each waits its turn."""
    return (
        access.list(actor, REGISTRATION_DECIDE, Registration)
        .filter(state=RegistrationState.WAITING)
        .select_related("organization")
        .order_by("asked_at", "pk")
    )


def registrations_decided(actor: Actor) -> QuerySet[Registration]:
    return (
        access.list(actor, REGISTRATION_DECIDE, Registration)
        .exclude(state=RegistrationState.WAITING)
        .select_related("organization")
        .order_by(F("decided_at").desc(), "pk")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A request beside what the directory says under the same number."""

    asked: Registration
    known: Practitioner | None
    may_decide: bool
    days: int


def examined(actor: Actor, asked: Registration) -> Examined:
    number = asked.number
    numbered = Practitioner.objects.filter(Q(rpps=number) | Q(adeli=number)).select_related("user")
    national = bool(number) or asked.profession in REGISTERED
    return Examined(
        asked=asked,
        known=numbered.order_by("pk").first() if number else None,
        may_decide=asked.state == RegistrationState.WAITING and (is_administrator(actor) or not national),
        days=(timezone.now() - asked.asked_at).days,
    )


def _bears(row: Practitioner, family: str, given: str) -> bool:
    return search_form(row.family_name) == family and search_form(row.given_name).startswith(given)


def _places(row: Practitioner) -> list[str]:
    roles = row.roles.filter(open_today(), organization__active=True).select_related("organization")
    return [
        ", ".join(part for part in (role.organization.name, role.organization.commune_name) if part)
        for role in roles.order_by("organization__name", "pk")[:3]
    ]


def working(key: str) -> Practitioner | None:
    """The one a page offered, still in activity somewhere; a forged key is nobody."""
    asked = key_of(key)
    if asked is None:
        return None
    works = PractitionerRole.objects.filter(
        open_today(), practitioner_id=OuterRef("pk"), organization__active=True
    )
    return Practitioner.objects.select_related("user").filter(Exists(works), pk=asked, active=True).first()


def masked_address_of(practitioner_id: UUID) -> str:
    who = Practitioner.objects.filter(pk=practitioner_id).first()
    return masked(who.mssante_email or who.email) if who else ""


def place_of(organization_id: UUID) -> Organization | None:
    return Organization.objects.filter(pk=organization_id, active=True).first()
