"""What is written in a cell of the decision table, read as `cells` means it."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from terresante.questionnaires.pathway.cells import (
    Alternative,
    Answered,
    Between,
    Code,
    Compare,
    Counted,
    Difference,
    Moved,
    Personal,
    Summed,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<span>\.\.)|(?P<days>\d+\s*[dj]\b)|(?P<number>-?\d+(?:[.,]\d+)?)|(?P<op>>=|<=|≥|≤|>|<|=)"
    r"|(?P<word>[A-Za-z][\w-]*)|(?P<mark>[()]))"
)
LONGEST_CELL = 500
LONGEST_DAYS = 366


class CellError(ValueError):
    """A French sentence: what is wrong in the cell, what to write."""


@lru_cache(maxsize=4096)
def parsed(cell: str, codes: frozenset[str] = frozenset()) -> tuple[Alternative, ...]:
    """`codes`: those of the item's options, which win over every other reading. Raises CellError."""
    if len(cell) > LONGEST_CELL:
        raise CellError(f"la case dépasse {LONGEST_CELL} caractères : simplifiez-la.")
    if not cell.strip():
        return ()
    return tuple(_alternative(text.strip(), codes) for text in cell.split("|"))


def _alternative(text: str, codes: frozenset[str]) -> Alternative:
    if text in codes:
        return Code(text)
    if not text:
        raise CellError("un « | » n’a rien à côté de lui : retirez-le, ou complétez.")
    return _Reader(text, codes).alternative()


class _Reader:
    def __init__(self, text: str, codes: frozenset[str]):
        self.text, self.codes = text, codes
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None:
                raise CellError(
                    f"« {text} » : le signe « {text[position:].strip()[0]} » n’est pas compris. "
                    "Écrivez par exemple 36.0..37.9, >= 39 ou le code d’une réponse."
                )
            kind = found.lastgroup or ""
            self.tokens.append((kind, found.group(kind)))
            position = found.end()
        self.at = 0

    def alternative(self) -> Alternative:
        result = self._first()
        if self.at < len(self.tokens):
            raise CellError(
                f"« {self.text} » : « {self.tokens[self.at][1]} » est de trop. Séparez deux conditions par « | »."
            )
        return result

    def _first(self) -> Alternative:
        kind, text = self._peek()
        if kind == "number":
            return self._number_or_span()
        if kind == "op":
            return Compare(self._operator(), self._threshold())
        readers: dict[str, Callable[[], Alternative]] = {
            "drop": self._move,
            "rise": self._move,
            "difference": self._difference,
            "count": self._count,
            "sum": self._sum,
        }
        if text in readers:
            return readers[text]()
        if kind == "word":
            self.at += 1
            return Answered() if text == "answered" else Code(text)
        raise CellError(f"« {self.text} » : commencez par un nombre, > >= < <= =, ou le code d’une réponse.")

    def _number_or_span(self) -> Alternative:
        lowest = self._number()
        if self._peek()[0] != "span":
            return Compare("=", lowest)
        self.at += 1
        highest = self._number()
        if lowest > highest:
            raise CellError(f"« {self.text} » : écrivez le plus petit nombre d’abord, {highest}..{lowest}.")
        return Between(lowest, highest)

    def _move(self) -> Moved:
        direction = self._word()
        operator, amount = self._operator(), self._number()
        joint = self._word("in", "from")
        if joint == "in":
            return Moved(direction, operator, amount, self._days())
        self._word("baseline")
        return Moved(direction, operator, amount, None)

    def _difference(self) -> Difference:
        self._word()
        other = self._named()
        return Difference(other, self._operator(), self._number())

    def _count(self) -> Counted:
        self._word()
        of: Compare | Code
        if self._peek()[0] == "op":
            of = Compare(self._operator(), self._number())
        else:
            of = Code(self._word())
        operator, times = self._operator(), self._number()
        self._word("in")
        return Counted(of, operator, times, self._days())

    def _sum(self) -> Summed:
        self._word()
        operator, amount = self._operator(), self._number()
        self._word("in")
        return Summed(operator, amount, self._days())

    def _threshold(self) -> Decimal | Personal:
        if self._peek()[1] == "personal":
            self.at += 1
            return Personal(self._named())
        return self._number()

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def _take(self, kind: str, wanted: str) -> str:
        found, text = self._peek()
        if found != kind:
            there = f"« {text} » est écrit là où il faut" if text else "il manque"
            raise CellError(f"« {self.text} » : {there} {wanted}.")
        self.at += 1
        return text

    def _number(self) -> Decimal:
        number = Decimal(self._take("number", "un nombre").replace(",", "."))
        if abs(number) > 10**9:
            raise CellError(f"« {self.text} » : ce nombre est trop grand.")
        return number

    def _operator(self) -> str:
        return {"≥": ">=", "≤": "<="}.get(found := self._take("op", "un de > >= < <= ="), found)

    def _days(self) -> int:
        days = int(self._take("days", "un nombre de jours, par exemple 7d").rstrip("dj"))
        if not 0 < days <= LONGEST_DAYS:
            raise CellError(f"« {self.text} » : comptez entre 1d et {LONGEST_DAYS}d.")
        return days

    def _named(self) -> str:
        if self._peek()[1] != "(":
            raise CellError(
                f"« {self.text} » : mettez un nom entre parenthèses, par exemple difference(spo2-effort)."
            )
        self.at += 1
        name = self._word()
        if self._peek()[1] != ")":
            raise CellError(f"« {self.text} » : la parenthèse n’est pas fermée.")
        self.at += 1
        return name

    def _word(self, *wanted: str) -> str:
        word = self._take("word", " ou ".join(f"« {one} »" for one in wanted) or "un nom")
        if wanted and word not in wanted:
            raise CellError(
                f"« {self.text} » : « {word} » est écrit là où il faut {' ou '.join(f'« {w} »' for w in wanted)}."
            )
        return word
