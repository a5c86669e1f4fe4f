"""What a cell did in a period, as numbers: of everybody it followed, those who left included."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from terresante.kernel import sql
from terresante.kernel.actor import Actor
from terresante.telemonitoring.alerts.enums import AlertOutcome
from terresante.telemonitoring.models import Cell

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the function `cell_activity`."""

    measure: str
    label: str
    colour: str
    number: Decimal | None


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    red: int
    orange: int
    grey: int


@dataclass(frozen=True, slots=True)
class Share:
    """Of closed alerts, those that were false: of one item of a questionnaire."""

    item: str
    false: int
    closed: int

    @property
    def percent(self) -> int:
        return round(100 * self.false / self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    figures: tuple[Figure, ...]
    asked: int
    answered: int
    alerts: int
    called: int
    # Minutes from the opening of an alert to its first call.
    median: Decimal | None
    p90: Decimal | None
    days: tuple[Day, ...] = field(default=())
    outcomes: tuple[tuple[str, int], ...] = field(default=())
    shares: tuple[Share, ...] = field(default=())

    @property
    def of_colours(self) -> tuple[tuple[str, int], ...]:
        """The alerts of the period: red, orange, without an answer."""
        words = (("rouges", "red"), ("orange", "orange"), ("sans réponse", "grey"))
        return tuple((word, sum(getattr(day, colour) for day in self.days)) for word, colour in words)

    @property
    def answer_percent(self) -> int | None:
        return round(100 * self.answered / self.asked) if self.asked else None


def activity_of(actor: Actor, cell: Cell, since: date, until: date) -> Activity:
    """Of a cell that the actor may count (`access.get`); nothing for anybody else: the database asks him again.

    Both days are Paris days, and counted.
    """
    figures = tuple(
        Figure(*row)
        for row in sql.rows(
            "SELECT measure, label, colour, number FROM cell_activity(%s, %s, %s)", cell.pk, since, until
        )
    )
    return Activity(
        figures=figures,
        asked=_sum(figures, "asked"),
        answered=_sum(figures, "answered"),
        alerts=_sum(figures, "alerts"),
        called=_sum(figures, "called"),
        median=_delay(figures, "median"),
        p90=_delay(figures, "p90"),
        days=_days(figures),
        outcomes=_outcomes(figures),
        shares=_shares(figures),
    )


def _sum(figures: Iterable[Figure], measure: str) -> int:
    return int(sum((one.number or 0 for one in figures if one.measure == measure), Decimal(0)))


def _delay(figures: Iterable[Figure], label: str) -> Decimal | None:
    found = (one.number for one in figures if one.measure == "delay" and one.label == label)
    number = next(found, None)
    return None if number is None else round(number, 1)


def _days(figures: Iterable[Figure]) -> tuple[Day, ...]:
    days: dict[str, dict[str, int]] = {}
    for one in figures:
        if one.measure == "alerts":
            days.setdefault(one.label, {})[one.colour] = int(one.number or 0)
    return tuple(
        Day(date.fromisoformat(day), of.get("red", 0), of.get("orange", 0), of.get("grey", 0))
        for day, of in sorted(days.items(), reverse=True)
    )


def _outcomes(figures: Iterable[Figure]) -> tuple[tuple[str, int], ...]:
    counts = {one.label: int(one.number or 0) for one in figures if one.measure == "outcome"}
    return tuple((str(each.label), counts[each.value]) for each in AlertOutcome if each.value in counts)


def _shares(figures: Iterable[Figure]) -> tuple[Share, ...]:
    rows = list(figures)
    false = {one.label: int(one.number or 0) for one in rows if one.measure == "false"}
    shares = [
        Share(one.label, false.get(one.label, 0), int(one.number or 0))
        for one in rows
        if one.measure == "item"
    ]
    return tuple(sorted(shares, key=lambda one: (-one.percent, one.item)))
