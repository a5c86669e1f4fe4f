"""Which restricted cares a patient has, as far as the actor may know, and who was named to know of them."""

from dataclasses import dataclass
from uuid import UUID

from terresante.care_team.access import SECRET_READ
from terresante.care_team.enums import Sector
from terresante.care_team.models import CareTeamParticipant, NamedReader
from terresante.care_team.queries import circle_at_work
from terresante.kernel import access
from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedCare:
    """One sector: who gives this care, who was named, whom of the circle one could still name."""

    sector: Sector
    members: list[CareTeamParticipant]
    named: list[NamedReader]
    others: list[CareTeamParticipant]


def restricted_cares(actor: Actor, patient_id: UUID) -> list[RestrictedCare]:
    """In two queries; nothing for who knows of none."""
    circle = circle_at_work(actor, patient_id)
    rows = access.list(actor, SECRET_READ, NamedReader, patient_id=patient_id).filter(withdrawn_at=None)
    named = list(rows.select_related("practitioner", "organization").order_by("named_at", "pk"))
    cares = []
    for sector in Sector:
        members = [member for member in circle if member.sector == sector]
        if members:
            known = [one for one in named if one.sector == sector]
            keys = {one.practitioner_id or one.organization_id for one in known}
            others = [
                member
                for member in circle
                if not member.sector and (member.practitioner_id or member.organization_id) not in keys
            ]
            cares.append(RestrictedCare(sector=sector, members=members, named=known, others=others))
    return cares
