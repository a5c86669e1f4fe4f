"""Secretaries and the physicians they act for."""

from dataclasses import dataclass

from terresante.directory.access import DELEGATION_END, gives_delegations, open_today
from terresante.directory.enums import SECRETARIES
from terresante.directory.models import Delegation, Practitioner, PractitionerRole
from terresante.kernel import access
from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegations:
    """`given` by this physician, `received` by this secretary: those in force or to come."""

    given: list[Delegation]
    received: list[Delegation]


def delegations_of(actor: Actor) -> Delegations:
    rows = (
        access.list(actor, DELEGATION_END, Delegation)
        .filter(revoked_at=None)
        .select_related("physician", "secretary", "organization")
        .order_by("starts_on", "pk")
    )
    return Delegations(
        given=[row for row in rows if row.physician_id == actor.person_id],
        received=[row for row in rows if row.secretary_id == actor.person_id],
    )


def secretaries_here(actor: Actor) -> list[Practitioner]:
    """Of the structure the physician works for now, by name; nobody for who gives no delegation."""
    if not gives_delegations(actor) or actor.organization_id is None:
        return []
    at_desk = PractitionerRole.objects.filter(
        open_today(), organization_id=actor.organization_id, profession__in=SECRETARIES
    )
    here = Practitioner.objects.filter(active=True, pk__in=at_desk.values("practitioner_id"))
    return list(here.order_by("search_name", "pk"))
