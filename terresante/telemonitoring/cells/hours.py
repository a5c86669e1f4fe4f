"""When a cell answers. Pure; hours are those of Paris, moments are compared in UTC (a day may last 23 or 25 hours).

A week is `{"1": [["09:00", "17:00"]], …}`, "1" being Monday (ISO 8601); "24:00" is the end of the day, so that a night
is written on two days. A day off is closed whatever the week says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from terresante.kernel.ui.wording import PARIS, clock, when

# A cell that never opens is not looked for beyond that.
_LOOKED_AHEAD = 60
END_OF_DAY = "24:00"

Week = Mapping[str, Sequence[Sequence[str]]]


class WithHours(Protocol):
    """A cell, as far as its hours go."""

    @property
    def opening_hours(self) -> Week: ...
    @property
    def days_off(self) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one moment until another, in UTC."""

    opens: datetime
    closes: datetime


def is_open(cell: WithHours, at: datetime) -> bool:
    return _span_at(cell, at) is not None


def closing(cell: WithHours, at: datetime) -> datetime | None:
    """When it closes, if it is open; None when it is closed, and when it never closes within a week."""
    span = _span_at(cell, at)
    for _ in range(8):
        if span is None:
            return None
        following = _span_at(cell, span.closes)
        if following is None:
            return span.closes.astimezone(PARIS)
        span = following
    return None


def next_opening(cell: WithHours, at: datetime) -> datetime | None:
    """`at` itself when it is open, else the first moment when it opens; None when no day of two months has one."""
    if is_open(cell, at):
        return at
    if not any(cell.opening_hours.values()):
        return None
    for offset in range(_LOOKED_AHEAD):
        for span in _spans_of(cell, at.astimezone(PARIS).date() + timedelta(days=offset)):
            if span.opens > at:
                return span.opens.astimezone(PARIS)
    return None


def told(cell: WithHours, at: datetime) -> str:
    """What is said before and after answering; « L’équipe de suivi » is whoever reads the answers."""
    if is_open(cell, at):
        until = closing(cell, at)
        return (
            "L’équipe de suivi répond jour et nuit."
            if until is None
            else f"L’équipe de suivi répond jusqu’à {clock(until)}."
        )
    opening = _opening_words(cell, at)
    return "L’équipe de suivi est fermée." + (f" Elle ouvre {opening}." if opening else "")


def opens(cell: WithHours, at: datetime) -> str:
    """When, after words that say themselves that nobody is there; "" when somebody is, or when nobody knows."""
    opening = "" if is_open(cell, at) else _opening_words(cell, at)
    return f"L’équipe de suivi ouvre {opening}." if opening else ""


def check_week(week: Week) -> list[tuple[int, str]]:
    """What is wrong, by day, as sentences that say what to do."""
    return [(day, wrong) for day in range(1, 8) if (wrong := _wrong(week.get(str(day), ())))]


def _opening_words(cell: WithHours, at: datetime) -> str:
    opening = next_opening(cell, at)
    if opening is None:
        return ""
    said = when(opening, now=at)
    hour = clock(opening)
    if said == hour:
        return f"à {hour}"
    return said if f" à {hour}" in said else said.replace(f" {hour}", f" à {hour}")


def _span_at(cell: WithHours, at: datetime) -> Span | None:
    for span in _spans_of(cell, at.astimezone(PARIS).date()):
        if span.opens <= at < span.closes:
            return span
    return None


def _spans_of(cell: WithHours, day: date) -> list[Span]:
    if day.isoformat() in cell.days_off:
        return []
    spans = cell.opening_hours.get(str(day.isoweekday()), ())
    return sorted(
        (Span(_moment(day, start), _moment(day, end)) for start, end in spans), key=lambda one: one.opens
    )


def _moment(day: date, hour: str) -> datetime:
    if hour == END_OF_DAY:
        day, hour = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(hour), tzinfo=PARIS).astimezone(UTC)


def _wrong(spans: Sequence[Sequence[str]]) -> str:
    last = ""
    for start, end in spans:
        if start >= end:
            return "L’heure de fermeture suit l’heure d’ouverture ; une nuit s’écrit sur deux jours."
        if start < last:
            return "Deux plages se recouvrent : donnez-les l’une après l’autre."
        last = end
    return ""
