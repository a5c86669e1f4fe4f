"""The sentences of FHIRPath that scores are made of, without the library: the same results, much sooner.

`compiled` gives None for what it does not know, and a formula raises Beyond on values it was not made for: the library
then answers. `test_the_two_ways_of_computing_agree` compares them.
"""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>[^'\\]*)'|%`(?P<quoted>[^`]+)`|%(?P<variable>[A-Za-z_]\w*)"
    r"|(?P<word>\$this|[A-Za-z_]\w*)|(?P<mark><=|>=|!=|[-+*/()=<>.,|])|(?P<other>\S))"
)
Values = list[Any]
# Answers by linkId, and the scores computed before.
Formula = Callable[[Mapping[str, Values], Mapping[str, Any]], Values]
_BINDING = {
    "or": 1, "and": 2, "in": 3, "=": 4, "!=": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7,
}  # fmt: skip
_ORDER = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_FUNCTIONS = (
    *("exists", "empty", "count", "sum", "not", "ordinal", "weight", "first", "toInteger", "toDecimal"),
    "where",
)
_WHOLE = re.compile(r"[+-]?\d{1,12}")
_DECIMAL = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?")


class Beyond(Exception):
    """These values, or this expression, are for the library."""


def compiled(
    text: str, points: Callable[[Values], Values], numbers: Callable[[Values], Values]
) -> Formula | None:
    """`points` gives those of codings, `numbers` the numbers of quantities."""
    try:
        return _Reader(text, points, numbers).whole()
    except (Beyond, RecursionError):
        return None


class _Reader:
    def __init__(self, text: str, points: Callable[[Values], Values], numbers: Callable[[Values], Values]):
        self.points, self.numbers = points, numbers
        self.tokens = [
            (found.lastgroup or "", found.group(found.lastgroup or 0)) for found in _TOKEN.finditer(text)
        ]
        self.at = 0

    def whole(self) -> Formula:
        formula = self.expression(0)
        if self.at != len(self.tokens):
            raise Beyond
        return formula

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def accept(self, *marks: str) -> bool:
        """The next tokens, when they are these marks and words."""
        following = self.tokens[self.at : self.at + len(marks)]
        if [text for kind, text in following if kind in ("mark", "word")] != list(marks):
            return False
        self.at += len(marks)
        return True

    def need(self, *marks: str) -> None:
        if not self.accept(*marks):
            raise Beyond

    def literal(self) -> str:
        kind, text = self.peek()
        if kind != "text":
            raise Beyond
        self.at += 1
        return text

    def expression(self, lowest: int) -> Formula:
        left = self.primary()
        while True:
            kind, sign = self.peek()
            binding = _BINDING.get(sign, 0) if kind in ("mark", "word") else 0
            if binding <= lowest:
                return left
            self.at += 1
            if sign == "in":
                left = _among(left, self.literals())
            else:
                left = _BINARY[sign](left, self.expression(binding))

    def literals(self) -> frozenset[str]:
        self.need("(")
        found = [self.literal()]
        while self.accept("|"):
            found.append(self.literal())
        self.need(")")
        return frozenset(found)

    def primary(self) -> Formula:
        kind, text = self.peek()
        self.at += 1
        if kind == "number":
            value = Decimal(text)
            return _constant(int(value) if value == int(value) else value)
        if kind == "text":
            return _constant(text)
        if kind in ("variable", "quoted"):
            return self.path() if text == "resource" and self.accept(".", "item") else _variable(text)
        if (kind, text) == ("mark", "-"):
            return _negative(self.primary())
        if (kind, text) == ("mark", "("):
            inside = self.expression(0)
            self.need(")")
            return self.functions(inside)
        if kind != "word":
            raise Beyond
        if text in ("true", "false"):
            return _constant(text == "true")
        if text == "iif":
            return self.functions(self.iif())
        if text == "item" or (text == "repeat" and self.accept("(", "item", ")")):
            return self.path()
        raise Beyond

    def iif(self) -> Formula:
        self.need("(")
        condition = self.expression(0)
        self.need(",")
        then = self.expression(0)
        otherwise = self.expression(0) if self.accept(",") else _nothing
        self.need(")")
        return lambda answers, scores: (
            then(answers, scores) if _truth(condition(answers, scores)) else otherwise(answers, scores)
        )

    def path(self) -> Formula:
        """item[.where(linkId…)].answer[.value[.code | .value]] and functions without arguments."""
        answers: Formula
        if self.accept(".", "where", "("):
            self.need("linkId")
            answers = self.named()
            self.need(")")
        else:
            answers = _every
        self.need(".", "answer")
        members = []
        while self.accept(".", "value") or self.accept(".", "code"):
            members.append(self.tokens[self.at - 1][1])
        return self.functions(_members(answers, tuple(members)))

    def named(self) -> Formula:
        if self.accept("="):
            name = self.literal()
            return lambda answers, _scores: answers.get(name, [])
        if self.accept("in"):
            names = self.literals()
            return lambda answers, _scores: [
                one for name, given in answers.items() if name in names for one in given
            ]
        self.need(".", "startsWith", "(")
        prefix = self.literal()
        self.need(")")
        return lambda answers, _scores: [
            one for name, given in answers.items() if name.startswith(prefix) for one in given
        ]

    def functions(self, inside: Formula) -> Formula:
        while self.accept("."):
            kind, name = self.peek()
            if kind != "word" or name not in _FUNCTIONS:
                raise Beyond
            self.at += 1
            if name == "where":
                inside = self.kept(inside)
                continue
            self.need("(", ")")
            inside = self.applied(name, inside)
        return inside

    def kept(self, inside: Formula) -> Formula:
        """where($this != 'a' and $this != 'b'), on codes."""
        self.need("(")
        tests = [self.test()]
        while self.accept("and"):
            tests.append(self.test())
        self.need(")")
        return lambda answers, scores: [
            one
            for one in inside(answers, scores)
            if all((_text(one) == text) is wanted for wanted, text in tests)
        ]

    def test(self) -> tuple[bool, str]:
        self.need("$this")
        wanted = self.accept("=")
        if not wanted:
            self.need("!=")
        return wanted, self.literal()

    def applied(self, name: str, inside: Formula) -> Formula:
        on: dict[str, Callable[[Values], Values]] = {
            "exists": lambda values: [bool(values)],
            "empty": lambda values: [not values],
            "count": lambda values: [len(values)],
            "first": lambda values: values[:1],
            "ordinal": self.points,
            "weight": self.points,
            "sum": lambda values: [sum(map(_number, self.numbers(values)))],
            "not": _negation,
            "toInteger": lambda values: _converted(values, _WHOLE, int),
            "toDecimal": lambda values: _converted(values, _DECIMAL, Decimal),
        }
        function = on[name]
        return lambda answers, scores: function(inside(answers, scores))


def _constant(value: Any) -> Formula:
    values = [value]
    return lambda _answers, _scores: values


def _nothing(_answers: Mapping[str, Values], _scores: Mapping[str, Any]) -> Values:
    return []


def _every(answers: Mapping[str, Values], _scores: Mapping[str, Any]) -> Values:
    return [one for given in answers.values() for one in given]


def _variable(name: str) -> Formula:
    def formula(_answers: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        if name not in scores:
            raise Beyond
        return [] if scores[name] is None else [scores[name]]

    return formula


def _members(answers: Formula, members: tuple[str, ...]) -> Formula:
    if not members:
        return answers

    def formula(given: Mapping[str, Values], scores: Mapping[str, Any]) -> Values:
        values = answers(given, scores)
        for member in members:
            values = [one[member] for one in values if isinstance(one, dict) and member in one]
        return values

    return formula


def _among(left: Formula, texts: frozenset[str]) -> Formula:
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
    return lambda left, right: [bool(compare(_number(left), _number(right)))]


def _computed(sign: str) -> Callable[[Any, Any], Values]:
    compute = _ARITHMETIC[sign]
    return lambda left, right: [compute(_number(left), _number(right))]


def _divided(left: Any, right: Any) -> Values:
    try:
        return [Decimal(_number(left)) / Decimal(_number(right))]
    except (DivisionByZero, InvalidOperation):
        return []


def _equal(left: Any, right: Any) -> Values:
    if isinstance(left, str) and isinstance(right, str):
        return [left == right]
    if isinstance(left, bool) and isinstance(right, bool):
        return [left is right]
    return [bool(_number(left) == _number(right))]


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


_BINARY: dict[str, Callable[[Formula, Formula], Formula]] = {
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


def _number(value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Beyond
    return value


def _logical(values: Values) -> bool | None:
    return bool(_one(values, bool)) if values else None


def _truth(values: Values) -> bool:
    return _logical(values) is True


def _negation(values: Values) -> Values:
    return [not _one(values, bool)] if values else []


def _negative(inside: Formula) -> Formula:
    return lambda answers, scores: [-_number(_one(inside(answers, scores)))]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Beyond
    return value


def _converted(values: Values, pattern: re.Pattern[str], convert: Callable[[str], int | Decimal]) -> Values:
    if not values:
        return []
    text = _text(_one(values))
    return [convert(text)] if pattern.fullmatch(text) and text.isascii() else []
