"""Who hands over to whom, and whom: names come from functions that answer the two persons alone."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_team.access import HAND_OVER_READ, leads_structure
from terresante.care_team.enums import Basis, HandOverState, TeamRole
from terresante.care_team.models import CareTeamParticipant, HandOver
from terresante.directory.models import Practitioner, PractitionerRole
from terresante.directory.queries import PractitionerFound, search_practitioners
from terresante.kernel import access, sql
from terresante.kernel.actor import Actor

MOST_PATIENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverLine:
    hand_over: HandOver
    total: int
    waiting: int

    @property
    def is_late(self) -> bool:
        return self.waiting > 0 and self.hand_over.is_expired


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOvers:
    to_answer: list[HandOverLine]
    given: list[HandOverLine]
    of_structure: list[HandOverLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonGiven:
    item_id: UUID
    name: str
    sex: str
    birth_date: date
    city: str
    role: str
    is_waiting: bool


def hand_overs(actor: Actor, *, most: int = 100) -> HandOvers:
    """In two queries: those to answer, one's own, and those of the structure one leads."""
    rows = list(_hand_overs(actor).order_by("-proposed_at", "pk")[:most])
    counts = sql.rows("SELECT * FROM hand_overs_waiting(%s::uuid[])", [row.pk for row in rows])
    counted = {key: (total, waiting) for key, total, waiting in counts}
    lines = [
        HandOverLine(hand_over=row, total=total, waiting=waiting)
        for row in rows
        for total, waiting in [counted.get(row.pk, (0, 0))]
    ]
    me = actor.person_id
    return HandOvers(
        to_answer=[
            line for line in lines if line.hand_over.taker_id == me and line.waiting and not line.is_late
        ],
        given=[line for line in lines if line.hand_over.giver_id == me],
        of_structure=[line for line in lines if me not in (line.hand_over.giver_id, line.hand_over.taker_id)],
    )


def _hand_overs(actor: Actor) -> QuerySet[HandOver]:
    return access.list(actor, HAND_OVER_READ, HandOver).select_related("giver", "taker", "organization")


def persons_given(hand_over_id: UUID) -> list[PersonGiven]:
    """Empty for anybody but the two persons, and once it expired without an answer."""
    persons = sql.rows("SELECT * FROM hand_over_persons(%s)", hand_over_id)
    return [
        PersonGiven(
            item_id=key,
            name=f"{given.title()} {name}",
            sex=sex,
            birth_date=born,
            city=city,
            role=TeamRole(role).label,
            is_waiting=state == HandOverState.PROPOSED,
        )
        for key, given, name, sex, born, city, role, state in persons
    ]


def own_memberships(actor: Actor) -> list[CareTeamParticipant]:
    """What one may hand over oneself: roles first, then by name. A consent names its professional, and nobody else."""
    if actor.person_id is None:
        return []
    rows = CareTeamParticipant.objects.filter(
        practitioner_id=actor.person_id, ended_at=None, suspended_at=None
    ).exclude(basis=Basis.CONSENT)
    found = list(rows.select_related("patient").order_by("started_at", "pk")[:MOST_PATIENTS])
    return sorted(
        found,
        key=lambda row: (
            row.role == TeamRole.MEMBER,
            row.patient.display_name,
            row.patient.display_given_name,
        ),
    )


def colleagues_away(actor: Actor) -> list[Practitioner]:
    """Of the structure one leads: who works there, oneself apart."""
    if not leads_structure(actor) or actor.organization_id is None or actor.person_id is None:
        return []
    roles = PractitionerRole.objects.filter(organization_id=actor.organization_id, period_end=None)
    persons = {role.practitioner_id: role.practitioner for role in roles.select_related("practitioner")}
    persons.pop(actor.person_id, None)
    return sorted(persons.values(), key=lambda person: (person.family_name, person.given_name))


def takers(actor: Actor, text: str) -> list[PractitionerFound]:
    found = search_practitioners(actor, text=text, limit=10)
    return [one for one in found if one.practitioner.pk != actor.person_id and one.roles]
