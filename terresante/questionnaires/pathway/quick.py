"""The sentences of FHIRPath that scores are made of, without the library: the same results, much sooner.

`compiled` gives None for what it does not know, and a formula raises Beyond on values it was not made for: the library
then answers. `test_the_two_ways_of_computing_agree` compares them.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from terresante.questionnaires.pathway.formulas import (
    BINARY,
    Beyond,
    Formula,
    Values,
    among,
    constant,
    converted,
    every,
    members_of,
    negation,
    negative,
    nothing,
    number_of,
    text_of,
    truth,
    variable,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>[^'\\]*)'|%`(?P<quoted>[^`]+)`|%(?P<variable>[A-Za-z_]\w*)"
    r"|(?P<word>\$this|[A-Za-z_]\w*)|(?P<mark><=|>=|!=|[-+*/()=<>.,|])|(?P<other>\S))"
)
_BINDING = {
    "or": 1, "and": 2, "in": 3, "=": 4, "!=": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7,
}  # fmt: skip
_FUNCTIONS = (
    *("exists", "empty", "count", "sum", "not", "ordinal", "weight", "first", "toInteger", "toDecimal"),
    "where",
)
_WHOLE = re.compile(r"[+-]?\d{1,12}")
_DECIMAL = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?")


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
                left = among(left, self.literals())
            else:
                left = BINARY[sign](left, self.expression(binding))

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
            return constant(int(value) if value == int(value) else value)
        if kind == "text":
            return constant(text)
        if kind in ("variable", "quoted"):
            return self.path() if text == "resource" and self.accept(".", "item") else variable(text)
        if (kind, text) == ("mark", "-"):
            return negative(self.primary())
        if (kind, text) == ("mark", "("):
            inside = self.expression(0)
            self.need(")")
            return self.functions(inside)
        if kind != "word":
            raise Beyond
        if text in ("true", "false"):
            return constant(text == "true")
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
        otherwise = self.expression(0) if self.accept(",") else nothing
        self.need(")")
        return lambda answers, scores: (
            then(answers, scores) if truth(condition(answers, scores)) else otherwise(answers, scores)
        )

    def path(self) -> Formula:
        """item[.where(linkId…)].answer[.value[.code | .value]] and functions without arguments."""
        answers: Formula
        if self.accept(".", "where", "("):
            self.need("linkId")
            answers = self.named()
            self.need(")")
        else:
            answers = every
        self.need(".", "answer")
        members = []
        while self.accept(".", "value") or self.accept(".", "code"):
            members.append(self.tokens[self.at - 1][1])
        return self.functions(members_of(answers, tuple(members)))

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
            if all((text_of(one) == text) is wanted for wanted, text in tests)
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
            "sum": lambda values: [sum(map(number_of, self.numbers(values)))],
            "not": negation,
            "toInteger": lambda values: converted(values, _WHOLE, int),
            "toDecimal": lambda values: converted(values, _DECIMAL, Decimal),
        }
        function = on[name]
        return lambda answers, scores: function(inside(answers, scores))
