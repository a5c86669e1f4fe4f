"""The language of a cell of the decision table: alternatives separated by « | ».

36.0..37.9   >= 39   < 35,5   95   talking   true   answered
drop >= 3 from baseline   rise >= 2 in 3d   difference(spo2-effort) >= 3
count > 0.95 >= 3 in 7d   sum >= 3 in 7d   < personal(spo2-floor)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


@dataclass(frozen=True, slots=True)
class Personal:
    """A value that the physician set at enrolment."""

    name: str


@dataclass(frozen=True, slots=True)
class Between:
    lowest: Decimal
    highest: Decimal


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    number: Decimal | Personal


@dataclass(frozen=True, slots=True)
class Code:
    """The code of an option, or true, or false."""

    code: str


@dataclass(frozen=True, slots=True)
class Answered:
    pass


@dataclass(frozen=True, slots=True)
class Moved:
    """Against the lowest (rise) or the highest (drop) of the last `days`, or against the baseline when None."""

    direction: str  # rise | drop
    operator: str
    amount: Decimal
    days: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """This item minus another of the same answers."""

    other: str
    operator: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Counted:
    """How many times in the last `days`, this answer included."""

    of: Compare | Code
    operator: str
    times: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class Summed:
    operator: str
    amount: Decimal
    days: int


Alternative = Between | Compare | Code | Answered | Moved | Difference | Counted | Summed


@dataclass(frozen=True, slots=True)
class Value:
    """One item as a cell sees it. `codes` holds the chosen options, or true/false."""

    number: Decimal | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the value. `within(days)` gives the earlier ones, without this one."""

    within: Callable[[int], list[Value]]
    other: Callable[[str], Decimal | None]
    baseline: Decimal | None
    personal: Mapping[str, Decimal]


def fits(alternative: Alternative, value: Value, around: Around) -> bool:
    match alternative:
        case Answered():
            return True
        case Code(code):
            return code in value.codes
        case Counted(of, operator, times, days):
            inside = [value, *around.within(days)]
            return _COMPARE[operator](Decimal(sum(fits(of, one, around) for one in inside)), times)
    number = value.number
    if number is None:
        return False
    match alternative:
        case Between(lowest, highest):
            return lowest <= number <= highest
        case Compare(operator, Personal(name)):
            threshold = around.personal.get(name)
            return threshold is not None and _COMPARE[operator](number, threshold)
        case Compare(operator, Decimal() as other):
            return _COMPARE[operator](number, other)
        case Moved():
            return _moved(alternative, number, around)
        case Difference(other_item, operator, amount):
            against = around.other(other_item)
            return against is not None and _COMPARE[operator](number - against, amount)
        case Summed(operator, amount, days):
            numbers = [one.number for one in around.within(days) if one.number is not None]
            return _COMPARE[operator](sum(numbers, number), amount)
    return False


def _moved(alternative: Moved, number: Decimal, around: Around) -> bool:
    if alternative.days is None:
        before = [] if around.baseline is None else [around.baseline]
    else:
        before = [one.number for one in around.within(alternative.days) if one.number is not None]
    if not before:
        return False
    moved = number - min(before) if alternative.direction == "rise" else max(before) - number
    return _COMPARE[alternative.operator](moved, alternative.amount)


def is_simple(alternative: Alternative) -> bool:
    """Decided by the value alone."""
    if isinstance(alternative, Compare):
        return not isinstance(alternative.number, Personal)
    return isinstance(alternative, Between | Code | Answered)


def personal_of(alternatives: tuple[Alternative, ...]) -> list[str]:
    return [
        one.number.name
        for one in alternatives
        if isinstance(one, Compare) and isinstance(one.number, Personal)
    ]
