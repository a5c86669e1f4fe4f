"""A curve drawn by the server: numbers of a frame of 100 by 40, which the page stretches (`ui/chart.html`). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Spot:
    """One value in the frame; `is_outside` of its own range, as who measured it says."""

    x: float
    y: float
    is_outside: bool = False

    @property
    def mark(self) -> str:
        """As a path of no length, which a round pen draws."""
        return f"M{self.x:.1f} {self.y:.1f}h0"


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` and `bottom` are the values at the edges of the frame; `band` is the path of the reference range."""

    spots: Sequence[Spot]
    top: Decimal
    bottom: Decimal
    first: datetime
    last: datetime
    band: str = ""

    @property
    def path(self) -> str:
        return " ".join(f"{spot.x:.1f},{spot.y:.1f}" for spot in self.spots)


@dataclass(frozen=True, slots=True)
class Value:
    at: datetime
    number: Decimal
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a value stands: its sides are the first and the last moment, and the dots of the edges touch them."""

    first: datetime
    last: datetime
    bottom: Decimal
    top: Decimal

    def x(self, at: datetime) -> float:
        return 100 * (at - self.first).total_seconds() / ((self.last - self.first).total_seconds() or 1)

    def y(self, number: Decimal) -> float:
        if self.bottom == self.top:
            return 20.0
        return float(38 - 36 * (number - self.bottom) / (self.top - self.bottom))


def drawn(
    values: Sequence[Value], *, low: Decimal | None = None, high: Decimal | None = None
) -> Chart | None:
    """Oldest first. Nothing to draw below two moments: one value is a number, not a curve."""
    if len({value.at for value in values}) < 2:
        return None
    known = [*(value.number for value in values), *(edge for edge in (low, high) if edge is not None)]
    frame = Frame(values[0].at, values[-1].at, min(known), max(known))
    spots = [Spot(frame.x(value.at), frame.y(value.number), value.is_outside) for value in values]
    return Chart(spots, frame.top, frame.bottom, frame.first, frame.last, _band(low, high, frame))


def _band(low: Decimal | None, high: Decimal | None, frame: Frame) -> str:
    """From edge to edge; open above or below where the range has one bound."""
    if low is None and high is None:
        return ""
    above = 0.0 if high is None else frame.y(high)
    below = 40.0 if low is None else frame.y(low)
    return f"M-2 {above:.1f}H102V{below:.1f}H-2Z"
