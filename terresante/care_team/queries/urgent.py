"""Records opened in emergency: whose one is about to open, what the privacy officer examines, what is asked of whom."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from terresante.care_team.access import BREAK_GLASS_EXPLAIN, BREAK_GLASS_REVIEW, CIRCLE_READ
from terresante.care_team.enums import ReviewOutcome
from terresante.care_team.models import EmergencyAccess
from terresante.care_team.queries.log import OFFICERS_ONLY
from terresante.directory.enums import Duty
from terresante.kernel import access, sql
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyIdentity:
    """Whom one is about to read in emergency: identity only, through the listed function.

    `patient_id` is who goes on when one asked by an identity merged since.
    """

    patient_id: UUID
    record_id: UUID
    birth_name: str
    used_name: str
    given_name: str
    birth_date: date
    sex: str
    birth_place_name: str
    identity_status: str


def emergency_identity(patient_id: UUID) -> EmergencyIdentity:
    """Raises NotFound without such a patient, or without a record."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM emergency_identity(%s)", [patient_id])
        row = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if row is None:
        raise NotFound
    return EmergencyIdentity(**dict(zip(names, row, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyLine:
    opened: EmergencyAccess
    initials: str
    birth_year: int
    is_open: bool


def emergencies(actor: Actor, *, most: int = 200) -> list[EmergencyLine]:
    """Emergency accesses, those nobody examined first, then the latest. Raises Refused for who does not review."""
    return _with_initials(
        list(
            _reviewed_by(actor)
            .select_related("practitioner", "organization")
            .order_by(F("reviewed_at").asc(nulls_first=True), "-opened_at")[:most]
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureCount:
    """Of the emergency accesses of one structure's professionals since a day."""

    structure: str
    total: int
    waiting: int
    justified: int
    unjustified: int


def emergency_counts(actor: Actor, *, since: datetime) -> list[StructureCount]:
    """The most numerous first, at most 50 structures. Raises Refused for who does not review."""
    of = {
        outcome: Count("pk", filter=Q(outcome=outcome, reviewed_at__isnull=False))
        for outcome in ReviewOutcome
    }
    rows = (
        _reviewed_by(actor)
        .filter(opened_at__gte=since)
        .values("organization__name")
        .annotate(
            total=Count("pk"),
            waiting=Count("pk", filter=Q(reviewed_at__isnull=True)),
            justified=of[ReviewOutcome.JUSTIFIED],
            unjustified=of[ReviewOutcome.UNJUSTIFIED],
        )
        .order_by("-total", "organization__name")[:50]
    )
    return [
        StructureCount(
            structure=row["organization__name"],
            total=row["total"],
            waiting=row["waiting"],
            justified=row["justified"],
            unjustified=row["unjustified"],
        )
        for row in rows
    ]


def own_emergencies(actor: Actor, *, most: int = 50) -> list[EmergencyAccess]:
    """Those this professional opened: what is asked of him first, then the latest. Nothing of whom they are about."""
    rows = access.list(actor, BREAK_GLASS_EXPLAIN, EmergencyAccess).select_related("organization")
    found = list(rows.order_by("-opened_at")[:most])
    return sorted(found, key=lambda row: not row.awaits_explanation)


def emergency(actor: Actor, access_id: UUID) -> EmergencyLine:
    """Raises Refused for who does not review, NotFound without such an access."""
    rows = list(_reviewed_by(actor).select_related("practitioner", "organization").filter(pk=access_id))
    if not rows:
        raise NotFound
    return _with_initials(rows)[0]


def _reviewed_by(actor: Actor) -> QuerySet[EmergencyAccess]:
    if not actor.has_duty(Duty.PRIVACY_OFFICER):
        raise Refused(OFFICERS_ONLY)
    return access.list(actor, BREAK_GLASS_REVIEW, EmergencyAccess)


def _with_initials(rows: list[EmergencyAccess]) -> list[EmergencyLine]:
    named = sql.rows("SELECT * FROM emergency_initials(%s::uuid[])", [row.pk for row in rows])
    persons = {key: (initials, year) for key, initials, year in named}
    now = timezone.now()
    return [
        EmergencyLine(
            opened=row,
            initials=persons[row.pk][0],
            birth_year=persons[row.pk][1],
            is_open=row.expires_at > now,
        )
        for row in rows
    ]


def emergencies_of(actor: Actor, patient_id: UUID) -> list[EmergencyAccess]:
    """Emergency accesses to an open record, the latest first, with their reasons."""
    return list(
        access.list(actor, CIRCLE_READ, EmergencyAccess)
        .filter(patient_id=patient_id)
        .select_related("practitioner", "organization")
        .order_by("-opened_at")[:50]
    )
