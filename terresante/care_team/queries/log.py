"""Who read or changed a record, who came to it first, who was refused, what its patient contests of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from terresante.care_team.access import ACCESS_LOG_READ, COMPLAINT_READ, READINGS, REFUSALS_READ
from terresante.care_team.models import AccessComplaint, FirstAccess
from terresante.care_team.queries.lay_words import LAY_ACTS, LAY_PURPOSES, READ
from terresante.directory.enums import Duty
from terresante.kernel import access, sql
from terresante.kernel.access import label_of
from terresante.kernel.actor import Actor, Purpose
from terresante.kernel.audit import FOR, THROUGH
from terresante.kernel.errors import Refused
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.wording import clock

# Lines of one person less than this apart belong to one visit.
_VISIT = timedelta(minutes=30)
# How long a first access is told as new on the patient's page.
_NEW_FOR = timedelta(days=30)
# Each is a list of one page.
_MOST_PERSONS, _MOST_FIRSTS, _MOST_OF_ONE, _MOST_COMPLAINTS = 100, 5, 50, 200
PURPOSE_LABELS = {
    Purpose.CARE: "soins",
    Purpose.BREAK_GLASS: "accès en urgence",
    Purpose.SUPPORT: "assistance",
    Purpose.HANDED_OVER: "relais passé, lecture seule",
    Purpose.SYSTEM: "transmission automatique",
}
OFFICERS_ONLY = "Cette page est réservée aux délégués à la protection des données."


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAttempt:
    at: datetime
    actor_name: str
    actor_role: str
    organization_name: str
    label: str


def refusals(actor: Actor, *, most: int = 200) -> list[RefusedAttempt]:
    """The latest refused attempts, whoever made them. Raises Refused for who is not a privacy officer."""
    if not actor.has_duty(Duty.PRIVACY_OFFICER):
        raise Refused(OFFICERS_ONLY)
    rows = access.list(actor, REFUSALS_READ, AuditEntry).order_by("-at", "-id")[:most]
    return [
        RefusedAttempt(
            at=row.at,
            actor_name=row.actor_name,
            actor_role=row.actor_role,
            organization_name=row.organization_name,
            label=label_of(row.action),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """One page read or one change made: who, for which structure, when, why, what; `entry_id` is its last row."""

    entry_id: UUID
    at: datetime
    person_id: UUID | None
    name: str
    role: str
    structure: str
    purpose: str
    codes: tuple[str, ...]
    is_reading: bool
    # The person for whom it was done, when it is not in one's own name.
    on_behalf_of: str = ""
    # The application through which it was done, when it is not ours.
    software: str = ""

    @property
    def what(self) -> tuple[str, ...]:
        return tuple(label_of(code) for code in self.codes)

    @property
    def lay_acts(self) -> tuple[str, ...]:
        said = [
            LAY_ACTS.get(code) or (READ if code.endswith(READINGS) else label_of(code)) for code in self.codes
        ]
        return tuple(dict.fromkeys(said))

    @property
    def is_emergency(self) -> bool:
        return self.purpose == Purpose.BREAK_GLASS

    @property
    def day(self) -> date:
        return timezone.localdate(self.at)

    @property
    def clock(self) -> str:
        return clock(self.at)

    @property
    def purpose_label(self) -> str:
        return PURPOSE_LABELS[Purpose(self.purpose)]

    @property
    def lay_purpose(self) -> str:
        return LAY_PURPOSES[Purpose(self.purpose)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessVisit(AccessLine):
    """What one person did in one go; its lines, the latest first, say each access."""

    lines: tuple[AccessLine, ...]

    @property
    def started(self) -> str:
        return self.lines[-1].clock


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    lines: list[AccessLine]
    next_cursor: str

    @property
    def visits(self) -> list[AccessVisit]:
        together: list[list[AccessLine]] = []
        for line in self.lines:
            if together and _follows(together[-1][-1], line):
                together[-1].append(line)
            else:
                together.append([line])
        return [_visit(lines) for lines in together]


def accesses_of(
    actor: Actor, patient_id: UUID, *, person_id: UUID | None = None, before: str = "", most: int = 60
) -> AccessPage:
    """Accesses to an open record, the latest first. `before` is a cursor that an earlier page gave."""
    rows = _log(actor, patient_id)
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    at, key = _read_cursor(before)
    if at is not None:
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=key), at__lte=at)
    found = list(rows.order_by("-at", "-id")[: most + 1])
    more = len(found) > most
    shown = found[:most]
    cursor = f"{shown[-1].at.isoformat()}~{shown[-1].pk}" if more else ""
    pages = groupby(shown, key=lambda row: (row.correlation_id, row.person_id, row.purpose))
    return AccessPage(lines=[_line(list(group)) for _, group in pages], next_cursor=cursor)


def _log(actor: Actor, patient_id: UUID) -> QuerySet[AuditEntry]:
    """Of the open record, and of the identities merged into it as long as they are."""
    identities = sql.value("SELECT identities_of_record()")
    under = identities if patient_id in identities else [patient_id]
    return access.list(actor, ACCESS_LOG_READ, AuditEntry).filter(patient_id__in=under)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPerson:
    person_id: UUID
    name: str


def persons_in_log(actor: Actor, patient_id: UUID) -> list[LogPerson]:
    rows = (
        _log(actor, patient_id)
        .filter(person_id__isnull=False)
        .values("person_id")
        .annotate(name=Max("actor_name"))
        .order_by("name", "person_id")[:_MOST_PERSONS]
    )
    return [LogPerson(person_id=row["person_id"], name=row["name"]) for row in rows if row["person_id"]]


def first_accesses_of(actor: Actor, patient_id: UUID) -> list[FirstAccess]:
    """The latest professionals who came for the first time."""
    return list(
        access.list(actor, ACCESS_LOG_READ, FirstAccess)
        .filter(patient_id=patient_id, at__gt=timezone.now() - _NEW_FOR)
        .select_related("practitioner")
        .order_by("-at")[:_MOST_FIRSTS]
    )


def complaints_of(actor: Actor, patient_id: UUID) -> list[AccessComplaint]:
    """What the patient contested, the latest first."""
    rows = access.list(actor, COMPLAINT_READ, AccessComplaint).filter(patient_id=patient_id)
    return list(rows.order_by("-made_at")[:_MOST_OF_ONE])


def complaints(actor: Actor) -> list[AccessComplaint]:
    """Those without an answer first. Raises Refused for who is not a privacy officer."""
    if not actor.has_duty(Duty.PRIVACY_OFFICER):
        raise Refused(OFFICERS_ONLY)
    rows = access.list(actor, COMPLAINT_READ, AccessComplaint)
    return list(rows.order_by(F("answered_at").asc(nulls_first=True), "-made_at")[:_MOST_COMPLAINTS])


def _line(rows: list[AuditEntry]) -> AccessLine:
    last = rows[0]
    codes = dict.fromkeys(row.action for row in rows)
    return AccessLine(
        entry_id=last.pk,
        at=last.at,
        person_id=last.person_id,
        name=last.actor_name,
        role=last.actor_role,
        structure=last.organization_name,
        purpose=last.purpose,
        codes=tuple(codes),
        is_reading=all(code.endswith(READINGS) for code in codes),
        on_behalf_of=str(last.detail.get(FOR, "")),
        software=str(last.detail.get(THROUGH, "")),
    )


def _follows(later: AccessLine, line: AccessLine) -> bool:
    return _one_visitor(later) == _one_visitor(line) and later.at - line.at < _VISIT


def _one_visitor(line: AccessLine) -> tuple[object, ...]:
    who = (line.person_id, line.name, line.structure, line.on_behalf_of, line.software)
    return (*who, line.purpose, line.day)


def _visit(lines: list[AccessLine]) -> AccessVisit:
    last = lines[0]
    return AccessVisit(
        entry_id=last.entry_id,
        at=last.at,
        person_id=last.person_id,
        name=last.name,
        role=last.role,
        structure=last.structure,
        purpose=last.purpose,
        codes=tuple(dict.fromkeys(code for line in lines for code in line.codes)),
        is_reading=all(line.is_reading for line in lines),
        on_behalf_of=last.on_behalf_of,
        software=last.software,
        lines=tuple(lines),
    )


def _read_cursor(text: str) -> tuple[datetime | None, UUID | None]:
    """(None, None) for an empty or forged cursor: the log then starts at its beginning."""
    at, _, key = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(key)) if moment.tzinfo else (None, None)
    except ValueError:
        return None, None
