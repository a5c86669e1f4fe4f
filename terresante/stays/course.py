"""From the movements of one stay to its state and to what is told of it: pure, and the same in any order.

Nothing is remembered from one message to the next: a cancellation withdraws, a correction is silent, a discharge
that comes before its admission makes a stay whose end is known, because the whole set is read again each time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from terresante.directory.enums import UnitSensitivity
from terresante.feed.enums import FeedKind
from terresante.stays.enums import ENTRIES, EncounterClass, EncounterStatus, MovementKind, PrivateBecause
from terresante.stays.models import EncounterMovement

# A movement of which only the correction came: it is silent until it comes itself.
_CORRECTION = "Z99"
# To take one of these back is to say that the person is there, even when it was never told.
_OF_SOMEBODY_PRESENT = frozenset(
    {
        MovementKind.TRANSFER,
        MovementKind.DISCHARGE,
        MovementKind.LEAVE,
        MovementKind.RETURN,
        MovementKind.PENDING_TRANSFER,
        MovementKind.PENDING_DISCHARGE,
        MovementKind.ATTENDING_CHANGE,
    }
)
# A visit has one of each at a time: taken back under whatever number, it is that one.
_ONE_AT_A_TIME = ENTRIES | {
    MovementKind.PREADMISSION,
    MovementKind.PENDING_ADMISSION,
    MovementKind.DISCHARGE,
}
# A consultation or a session of dialysis is in the list of stays; it alerts nobody (README).
_QUIET = (EncounterClass.OUTPATIENT, EncounterClass.RECURRENT)
_PRESENT = (EncounterStatus.IN_PROGRESS, EncounterStatus.ON_LEAVE)
# Of two movements of the same minute, the one that comes first in a stay.
_RANKS = {kind: rank for rank, kind in enumerate(MovementKind)}


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the feed. `is_still_true`: worth an alert, if it is also recent."""

    kind: FeedKind
    movement_id: UUID
    occurred_at: datetime
    is_still_true: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    status: EncounterStatus
    class_code: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expected_start_at: datetime | None = None
    expected_end_at: datetime | None = None
    unit_code: str = ""
    unit_name: str = ""
    destination: str = ""
    is_deceased: bool = False
    sensitivity: str = UnitSensitivity.ORDINARY
    private_because: str = ""
    facts: tuple[Told, ...] = ()

    @property
    def is_private(self) -> bool:
        return bool(self.private_because)


def fold(movements: Iterable[EncounterMovement]) -> Course:
    rows = sorted(movements, key=_order)
    cancelled = _cancelled(rows)
    live = [row for row in rows if row.is_reported and row.pk not in cancelled]
    status = _status(rows, live)
    signs = live or [row for row in rows if not row.is_reported or row.kind in _OF_SOMEBODY_PRESENT]
    # A cancellation describes the stay as it is without what it takes back.
    place = _unit(live or [row for row in rows if not row.is_reported])
    sensitive = _sensitive(rows, live)
    course = Course(
        status=status,
        class_code=_last(signs, "class_code"),
        started_at=_started_at(signs),
        ended_at=_ended_at(live) if status is EncounterStatus.FINISHED else None,
        expected_start_at=_last_time(live, "expected_start_at"),
        expected_end_at=_last_time(live, "expected_end_at"),
        unit_code=place.unit_code if place else "",
        unit_name=place.unit_name if place else "",
        destination=_last(_of(live, MovementKind.DISCHARGE), "destination"),
        is_deceased=any(row.is_death for row in live),
        sensitivity=sensitive.sensitivity if sensitive else UnitSensitivity.ORDINARY,
        private_because=(sensitive.private_because or PrivateBecause.SENDER) if sensitive else "",
    )
    return _with_facts(course, rows, live)


def is_sensitive(row: EncounterMovement) -> bool:
    return row.is_secret or bool(row.private_because)


def _order(row: EncounterMovement) -> tuple[datetime, int, str, str]:
    return row.occurred_at, _RANKS[MovementKind(row.kind)], row.authority, row.identifier


def _cancelled(rows: Sequence[EncounterMovement]) -> set[UUID]:
    """A cancellation names its movement by number; one that cannot takes back the last of its kind before it."""
    taken = {row.pk for row in rows if row.cancelled_at is not None}
    loose = [
        row
        for row in rows
        if row.cancelled_at is not None
        and not row.is_reported
        and (not row.has_own_identifier or row.kind in _ONE_AT_A_TIME)
    ]
    for cancellation in sorted(loose, key=lambda row: (row.cancelled_at, row.identifier)):
        earlier = [
            row
            for row in rows
            if row.family == cancellation.family
            and row.is_reported
            and row.pk not in taken
            and cancellation.cancelled_at is not None
            and row.recorded_at <= cancellation.cancelled_at
        ]
        if earlier:
            taken.add(max(earlier, key=lambda row: (row.recorded_at, row.identifier)).pk)
    return taken


def _status(rows: Sequence[EncounterMovement], live: Sequence[EncounterMovement]) -> EncounterStatus:
    entries = [row for row in live if row.kind in ENTRIES]
    planned = _of(live, MovementKind.PREADMISSION, MovementKind.PENDING_ADMISSION)
    present = [row for row in live if row not in planned]
    present += [row for row in rows if row not in live and row.kind in _OF_SOMEBODY_PRESENT]
    if not entries and any(row.kind in ENTRIES for row in rows):
        # The admission was taken back: what followed it did not happen either.
        present = []
    if not present:
        return EncounterStatus.PLANNED if planned else EncounterStatus.CANCELLED
    # A06 and A07 change the class of a stay; they do not bring back somebody who left.
    arrivals = _of(entries, MovementKind.ADMISSION, MovementKind.REGISTRATION)
    discharges = _of(live, MovementKind.DISCHARGE)
    if discharges and not (arrivals and arrivals[-1].occurred_at > discharges[-1].occurred_at):
        return EncounterStatus.FINISHED
    since = rows[rows.index(arrivals[-1]) :] if arrivals else rows
    return EncounterStatus.ON_LEAVE if _is_away(since, live) else EncounterStatus.IN_PROGRESS


def _is_away(since: Sequence[EncounterMovement], live: Sequence[EncounterMovement]) -> bool:
    """By what happened since the person last arrived."""
    absences = [row for row in _of(since, MovementKind.LEAVE, MovementKind.RETURN) if row in live]
    if absences:
        return absences[-1].kind == MovementKind.LEAVE
    # A return taken back, from a leave that was never told.
    return bool(_of(since, MovementKind.RETURN)) and not _of(since, MovementKind.LEAVE)


def _sensitive(
    rows: Sequence[EncounterMovement], live: Sequence[EncounterMovement]
) -> EncounterMovement | None:
    """The first movement that makes the whole stay private; what the sender asked outlives a cancellation."""
    return next(
        (
            row
            for row in rows
            if row.is_secret or ((row in live or not row.is_reported) and row.private_because)
        ),
        None,
    )


def _of(rows: Sequence[EncounterMovement], *kinds: MovementKind) -> list[EncounterMovement]:
    return [row for row in rows if row.kind in kinds]


def _last(rows: Sequence[EncounterMovement], name: str) -> str:
    return next((value for row in reversed(rows) if (value := getattr(row, name))), "")


def _last_time(rows: Sequence[EncounterMovement], name: str) -> datetime | None:
    return next((value for row in reversed(rows) if (value := getattr(row, name))), None)


def _unit(rows: Sequence[EncounterMovement]) -> EncounterMovement | None:
    """An announced move has not happened: it does not say where she is."""
    announced = (MovementKind.PENDING_TRANSFER, MovementKind.PENDING_DISCHARGE)
    placed = [row for row in rows if (row.unit_name or row.unit_code) and row.kind not in announced]
    return next(reversed(placed or rows), None)


def _started_at(live: Sequence[EncounterMovement]) -> datetime | None:
    entries = [row.occurred_at for row in live if row.kind in ENTRIES and row.is_reported]
    said = [row.admitted_at for row in live if row.admitted_at and row.kind != MovementKind.PREADMISSION]
    return min(entries or said, default=None)


def _ended_at(live: Sequence[EncounterMovement]) -> datetime | None:
    return next((row.occurred_at for row in reversed(live) if row.kind == MovementKind.DISCHARGE), None)


def _with_facts(
    course: Course, rows: Sequence[EncounterMovement], live: Sequence[EncounterMovement]
) -> Course:
    if course.status is EncounterStatus.CANCELLED:
        return course
    taken_back = _discharge_taken_back(course, rows, live)
    told = [
        *_live_facts(course, live, back_since=taken_back[0].occurred_at if taken_back else None),
        *taken_back,
    ]
    visible = told if course.is_private else _ordinary(told, rows)
    return replace(course, facts=tuple(visible))


def _ordinary(told: Sequence[Told], rows: Sequence[EncounterMovement]) -> list[Told]:
    secret = {row.pk for row in rows if is_sensitive(row)}
    return [fact for fact in told if fact.movement_id not in secret]


def _live_facts(
    course: Course, live: Sequence[EncounterMovement], *, back_since: datetime | None
) -> list[Told]:
    """`back_since`: « sortie annulée » says already that she is in hospital, and when."""
    death = next((row for row in live if row.is_death), None)
    told = [Told(FeedKind.DEATH, death.pk, death.occurred_at, True)] if death else []
    arrived = [kind for row in live if (kind := _arrival(row))]
    for row in live:
        kind = _fact_of(row, course)
        if kind is None or (kind is FeedKind.DISCHARGE and row.is_death):
            continue
        is_news = back_since is None or row.occurred_at > back_since
        is_true = is_news and _is_still_true(kind, row, course, arrived, live)
        told.append(Told(kind, row.pk, row.occurred_at, is_true))
    return told


def _fact_of(row: EncounterMovement, course: Course) -> FeedKind | None:
    if row.kind in (MovementKind.PREADMISSION, MovementKind.PENDING_ADMISSION):
        is_announced = course.status is EncounterStatus.PLANNED and course.class_code not in _QUIET
        return FeedKind.PLANNED_STAY if is_announced else None
    if course.status is EncounterStatus.PLANNED:
        return None
    if row.kind in ENTRIES:
        return _arrival(row)
    if (row.class_code or course.class_code) in _QUIET:
        return None
    return {
        MovementKind.TRANSFER: FeedKind.TRANSFER,
        MovementKind.LEAVE: FeedKind.LEAVE,
        MovementKind.DISCHARGE: FeedKind.DISCHARGE,
    }.get(MovementKind(row.kind))


def _arrival(row: EncounterMovement) -> FeedKind | None:
    """INTEROP.md 4: A01 and A06 alert, A04 only from the emergency ward."""
    if row.kind == MovementKind.TO_INPATIENT:
        return FeedKind.ADMISSION
    if row.kind not in ENTRIES or row.class_code in _QUIET or row.kind == MovementKind.TO_OUTPATIENT:
        return None
    if row.class_code == EncounterClass.EMERGENCY:
        return FeedKind.EMERGENCY_VISIT
    return FeedKind.ADMISSION if row.kind == MovementKind.ADMISSION else None


def _is_still_true(
    kind: FeedKind,
    row: EncounterMovement,
    course: Course,
    arrived: Sequence[FeedKind],
    live: Sequence[EncounterMovement],
) -> bool:
    if course.is_deceased or row.is_historic or row.trigger == _CORRECTION:
        return False
    is_there = course.status in _PRESENT and course.class_code not in _QUIET
    if kind is FeedKind.EMERGENCY_VISIT:
        return is_there and FeedKind.ADMISSION not in arrived
    if kind is FeedKind.ADMISSION:
        return is_there
    if kind is FeedKind.DISCHARGE:
        return course.status is EncounterStatus.FINISHED and row is _of(live, MovementKind.DISCHARGE)[-1]
    return False


def _discharge_taken_back(
    course: Course, rows: Sequence[EncounterMovement], live: Sequence[EncounterMovement]
) -> list[Told]:
    """A13: « sortie annulée », until the person leaves for good."""
    if course.status not in _PRESENT or course.class_code in _QUIET:
        return []
    back = [row for row in rows if row.kind == MovementKind.DISCHARGE and row not in live]
    if not back:
        return []
    last = max(back, key=lambda row: (row.cancelled_at or row.occurred_at, row.identifier))
    at = last.cancelled_at or last.occurred_at
    came_again = any(_arrival(row) and row.occurred_at > at for row in live)
    return [Told(FeedKind.DISCHARGE_CANCELLED, last.pk, at, not course.is_deceased and not came_again)]
