"""When which questionnaire is expected: lines of the schedule as moments, Paris time."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from terresante.questionnaires.pathway.model import Pathway, Step

PARIS = ZoneInfo("Europe/Paris")
_DAY = re.compile(r"([DJM])\s*([+-]?\d{1,4})")
_TIME = re.compile(r"([01]?\d|2[0-3])[:h]([0-5]\d)")
_AFTER = re.compile(r"\+\s*(\d{1,4})\s*(min|h|d|j)")
_EVERY = re.compile(r"(\d{1,3})\s*([djm])")
MOST_OCCURRENCES = 3000
LONGEST_DAYS = 3660


class StepError(ValueError):
    """A French sentence, and the column it speaks of."""

    def __init__(self, column: str, what: str):
        super().__init__(what)
        self.column = column


@dataclass(frozen=True, slots=True)
class Day:
    """Days, or months, from the anchor."""

    unit: str  # D | M
    count: int

    def on(self, anchor: date) -> date:
        return anchor + timedelta(days=self.count) if self.unit == "D" else _months_after(anchor, self.count)


@dataclass(frozen=True, slots=True)
class Mark:
    """When an unanswered one is reminded or takes a colour: a time, a day, both, or a delay after opening."""

    day: Day | None
    at: time | None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    start: Day
    end: Day
    every: Day
    times: tuple[time, ...]
    marks: dict[str, Mark | None]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Moments are aware, in Paris time. None: never reminded, never takes that colour."""

    step: str
    form: str
    opens_at: datetime
    remind_at: datetime | None
    grey_at: datetime | None
    orange_at: datetime | None
    red_at: datetime | None
    role: str


def due(
    pathway: Pathway, anchor: date, enrolled: date, later: Mapping[str, date] | None = None
) -> list[Occurrence]:
    """In order of opening. Days before the enrolment are left out, and what counts from a date not yet in `later`."""
    found: list[Occurrence] = []
    dates = later or {}
    for step in pathway.schedule:
        plan, base, last = (
            planned(step),
            dates.get(step.anchor) if step.anchor else anchor,
            dates.get(step.until),
        )
        for day in _days(plan, base) if base is not None else ():
            if day < enrolled or (last is not None and day > last):
                continue
            found += [_occurrence(step, plan, base or anchor, day, opens) for opens in plan.times]
            if len(found) >= MOST_OCCURRENCES:
                break
    return sorted(found, key=lambda one: (one.opens_at, one.step))


def count(plan: Plan) -> int:
    return len(_days(plan, date(2024, 1, 1))) * len(plan.times)


def planned(step: Step) -> Plan:
    """Raises StepError."""
    start, end = _day(step.start, "from"), _day(step.end or step.start, "to")
    if start.on(date(2024, 1, 1)) > end.on(date(2024, 1, 1)):
        raise StepError("to", f"« {step.end} » vient avant « {step.start} » : échangez-les.")
    times = tuple(_time(text, "times") for text in re.split(r"[,|\s]+", step.times.strip()) if text)
    if not times:
        raise StepError("times", "l’heure manque : écrivez par exemple 09:00.")
    default = Day("M", 1) if start.unit == end.unit == "M" else Day("D", 1)
    marks = {name: _mark(getattr(step, name), name) for name in ("remind", "grey", "orange", "red")}
    plan = Plan(start, end, _every(step.every) if step.every else default, times, marks)
    _in_order(plan)
    return plan


def _in_order(plan: Plan) -> None:
    """Each mark after the opening, and grey, orange, red in this order, on an ordinary day."""
    anchor = date(2024, 1, 1)
    first = plan.start.on(anchor)
    opens = max(datetime.combine(first, at, PARIS) for at in plan.times)
    for name, mark in plan.marks.items():
        if mark is None:
            continue
        if mark.day is not None and plan.start != plan.end:
            raise StepError(
                name,
                "un jour (D…) ne va qu’avec une seule date : écrivez une heure (12:00) ou un délai (+4h).",
            )
        if _moment(mark, anchor, first, opens) <= opens:
            raise StepError(
                name, "ce moment vient avant l’ouverture du questionnaire : mettez-le après « times »."
            )
    colours = [(name, plan.marks[name]) for name in ("grey", "orange", "red")]
    there = [(name, _moment(mark, anchor, first, opens)) for name, mark in colours if mark is not None]
    for (before, earlier), (name, later) in pairwise(there):
        if later < earlier:
            raise StepError(name, f"« {name} » vient avant « {before} » : l’ordre est grey, orange, red.")


def _occurrence(step: Step, plan: Plan, anchor: date, day: date, opens: time) -> Occurrence:
    opens_at = paris(day, opens)
    marks = {
        name: None if mark is None else _moment(mark, anchor, day, opens_at)
        for name, mark in plan.marks.items()
    }
    return Occurrence(
        step=step.name,
        form=step.questionnaire,
        opens_at=opens_at,
        remind_at=marks["remind"],
        grey_at=marks["grey"],
        orange_at=marks["orange"],
        red_at=marks["red"],
        role=step.role or "patient",
    )


def _moment(mark: Mark, anchor: date, day: date, opens: datetime) -> datetime:
    if mark.after is not None:
        return (opens.astimezone(UTC) + mark.after).astimezone(PARIS)
    on = day if mark.day is None else mark.day.on(anchor)
    return paris(on, mark.at or opens.time())


def paris(day: date, at: time) -> datetime:
    """An hour that the change to summer time skips becomes the one that clocks then show."""
    return datetime.combine(day, at, PARIS).astimezone(UTC).astimezone(PARIS)


def _days(plan: Plan, anchor: date) -> list[date]:
    days, last = [], plan.end.on(anchor)
    for number in range(LONGEST_DAYS):
        if plan.every.unit == "M" and plan.start.unit == "M":
            day = _months_after(anchor, plan.start.count + number * plan.every.count)
        elif plan.every.unit == "M":
            day = _months_after(plan.start.on(anchor), number * plan.every.count)
        else:
            day = plan.start.on(anchor) + timedelta(days=number * plan.every.count)
        if day > last:
            break
        days.append(day)
    return days


def _months_after(day: date, months: int) -> date:
    """31 January + 1 month is the last day of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day(text: str, column: str) -> Day:
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise StepError(column, f"« {text} » n’est pas un jour : écrivez D0, D7, D-1 ou M3.")
    unit, count = ("M" if found.group(1) == "M" else "D"), int(found.group(2))
    if abs(count) > (LONGEST_DAYS if unit == "D" else LONGEST_DAYS // 30):
        raise StepError(column, f"« {text} » est à plus de dix ans : choisissez un jour plus proche.")
    return Day(unit, count)


def _time(text: str, column: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise StepError(column, f"« {text} » n’est pas une heure : écrivez par exemple 09:00.")
    return time(int(found.group(1)), int(found.group(2)))


def _mark(text: str, column: str) -> Mark | None:
    if not text.strip():
        return None
    if after := _AFTER.fullmatch(text.strip()):
        unit = {"min": "minutes", "h": "hours", "d": "days", "j": "days"}[after.group(2)]
        return Mark(None, None, timedelta(**{unit: int(after.group(1))}))
    if text.strip()[0] in "DJM":
        day, _, at = text.strip().partition(" ")
        return Mark(_day(day, column), _time(at.strip(), column) if at.strip() else None)
    return Mark(None, _time(text.strip(), column))


def _every(text: str) -> Day:
    found = _EVERY.fullmatch(text.strip())
    if found is None or int(found.group(1)) == 0:
        raise StepError("every", f"« {text} » n’est pas un rythme : écrivez 1d, 7d ou 1m.")
    return Day("M" if found.group(2) == "m" else "D", int(found.group(1)))
