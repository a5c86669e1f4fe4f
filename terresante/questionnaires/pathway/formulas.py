"""What the operators and functions of FHIRPath do with values, each held to the library's own result."""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

Values = list[Any]
# Answers by linkId, and the scores computed before.
Formula = Callable[[Mapping[str, Values], Mapping[str, Any]], Values]
_ORDER = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Beyond(Exception):
    """These values, or this expression, are for the library."""


def constant(value: Any) -> Formula:
    values = [value]
    return lambda _answers, _scores: values


def nothing(_answers: Mapping[str, Values], _scores: Mapping[str, Any]) -> Values:
    return []


def every(answers: Mapping[str, Values], _scores: Mapping[str, Any]) -> Values:
    return [one for given in answers.values() for one in given]


def variable(name: str) -> Formula:
    def formula(_answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        if name not in scores:
            raise Beyond
        return [] if scores[name] is None else [scores[name]]

    return formula


def members_of(answers: Formula, members: tuple[str, ...]) -> Formula:
    if not members:
        return answers

    def formula(given: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        values = answers(given, scores)
        for member in members:
            values = [one[member] for one in values if isinstance(one, dict) and member in one]
        return values

    return formula


def among(left: Formula, texts: frozenset[str]) -> Formula:
    def formula(answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        values = left(answers, scores)
        if not values:
            return []
        return [_one(values, str) in texts]

    return formula


def _binary(apply: Callable[[Any, Any], Values]) -> Callable[[Formula, Formula], Formula]:
    """Nothing on one side gives nothing."""

    def made(left: Formula, right: Formula) -> Formula:
        def formula(answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
            first = left(answers, scores)
            second = right(answers, scores)
            if not first or not second:
                return []
            return apply(_one(first), _one(second))

        return formula

    return made


def _ordered(sign: str) -> Callable[[Any, Any], Values]:
    compare = _ORDER[sign]
    return lambda left, right: [bool(compare(number_of(left), number_of(right)))]


def _computed(sign: str) -> Callable[[Any, Any], Values]:
    compute = _ARITHMETIC[sign]
    return lambda left, right: [compute(number_of(left), number_of(right))]


def _divided(left: Any, right: Any) -> Values:
    try:
        return [Decimal(number_of(left)) / Decimal(number_of(right))]
    except (DivisionByZero, InvalidOperation):
        return []


def _equal(left: Any, right: Any) -> Values:
    if isinstance(left, str) and isinstance(right, str):
        return [left == right]
    if isinstance(left, bool) and isinstance(right, bool):
        return [left is right]
    return [bool(number_of(left) == number_of(right))]


def _both(left: Formula, right: Formula) -> Formula:
    def formula(answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        first, second = _logical(left(answers, scores)), _logical(right(answers, scores))
        if first is False or second is False:
            return [False]
        return [] if first is None or second is None else [True]

    return formula


def _either(left: Formula, right: Formula) -> Formula:
    def formula(answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        first, second = _logical(left(answers, scores)), _logical(right(answers, scores))
        if first or second:
            return [True]
        return [] if first is None or second is None else [False]

    return formula


BINARY: dict[str, Callable[[Formula, Formula], Formula]] = {
    "or": _either,
    "and": _both,
    "=": _binary(_equal),
    "!=": _binary(lambda left, right: [not _equal(left, right)[0]]),
    "/": _binary(_divided),
    **{sign: _binary(_ordered(sign)) for sign in _ORDER},
    **{sign: _binary(_computed(sign)) for sign in _ARITHMETIC},
}


def _one(values: Values, kind: type | None = None) -> Any:
    if len(values) != 1 or (kind is not None and not isinstance(values[0], kind)):
        raise Beyond
    return values[0]


def number_of(value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Beyond
    return value


def _logical(values: Values) -> bool | None:
    return bool(_one(values, bool)) if values else None


def truth(values: Values) -> bool:
    return _logical(values) is True


def negation(values: Values) -> Values:
    return [not _one(values, bool)] if values else []


def negative(inside: Formula) -> Formula:
    return lambda answers, scores: [-number_of(_one(inside(answers, scores)))]


def text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise Beyond
    return value


def converted(values: Values, pattern: re.Pattern[str], convert: Callable[[str], int | Decimal]) -> Values:
    if not values:
        return []
    text = text_of(_one(values))
    return [convert(text)] if pattern.fullmatch(text) and text.isascii() else []
