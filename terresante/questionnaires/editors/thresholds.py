"""A cell of the decision table as a form: answers to tick, comparisons in words; what neither says, as text. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from terresante.questionnaires import draft
from terresante.questionnaires.pathway.model import Question
from terresante.questionnaires.pathway_forms import EditedField

BETWEEN = ".."
COMPARISONS = {
    ">=": "à partir de",
    ">": "plus de",
    "<=": "au plus",
    "<": "moins de",
    "=": "exactement",
    BETWEEN: "entre",
}
_NUMBER = r"-?\d{1,9}(?:[.,]\d{1,6})?"
_COMPARED = re.compile(rf"(>=|<=|≥|≤|>|<|=)?\s*({_NUMBER})")
_SPAN = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})")
_SIGNS = {"≥": ">=", "≤": "<=", "": "="}
_YES_OR_NO = (("true", "Oui"), ("false", "Non"))
_ANSWERED = (("answered", "Une réponse, quelle qu’elle soit"),)
_PARTS = ("sign", "low", "high")
# Conditions of one cell that a form sends: more stay written as text.
MOST = 6


@dataclass(frozen=True, slots=True)
class Condition:
    """As it is typed: a sign of `COMPARISONS`, a number, and the other end of « entre »."""

    sign: str = ""
    low: str = ""
    high: str = ""

    def __bool__(self) -> bool:
        return bool(self.sign or self.low)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """(field, sentence)"""
        if self.low and self.sign not in COMPARISONS:
            yield "sign", "Choisissez la comparaison qui va avec ce nombre."
        if not self:
            return
        ends = {"low": self.low, "high": self.high} if self.sign == BETWEEN else {"low": self.low}
        numbers = {field: draft.number_of(text) for field, text in ends.items()}
        for field, text in ends.items():
            if not text:
                yield field, "Écrivez le nombre, ou retirez la comparaison."
            elif numbers[field] is None:
                yield field, f"« {text[:20]} » n’est pas un nombre : écrivez par exemple 38,5."
        low, high = numbers["low"], numbers.get("high")
        if low is not None and high is not None and low > high:
            yield "high", f"Ce nombre est au-dessous de {self.low} : écrivez le plus petit d’abord."

    def as_text(self) -> str:
        """In the language of cells; of what has no mistake."""
        low, high = _plain(self.low), _plain(self.high)
        if self.sign == BETWEEN:
            return f"{low}..{high}"
        return low if self.sign == "=" else f"{self.sign} {low}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """`chosen`: codes of answers; `rest`: what is written in the language of cells."""

    conditions: tuple[Condition, ...] = ()
    chosen: tuple[str, ...] = ()
    rest: str = ""

    @property
    def text(self) -> str:
        said = [*self.chosen, *(one.as_text() for one in self.conditions if one), self.rest]
        return " | ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class EditedCondition:
    """`wrong`: the sentences beside it."""

    sign: EditedField
    low: EditedField
    high: EditedField
    number: int

    @property
    def wrong(self) -> list[EditedField]:
        return [one for one in (self.sign, self.low, self.high) if one.wrong]


@dataclass(frozen=True, slots=True)
class EditedCell:
    """`answers`: (name, label, whether it is ticked); `rest`: the text, folded when it says nothing."""

    colour: str
    heading: str
    field: EditedField
    answers: tuple[tuple[str, str, bool], ...]
    conditions: tuple[EditedCondition, ...]
    spare: EditedCondition | None
    rest: EditedField
    unit: str

    SIGNS = COMPARISONS

    @property
    def is_unfolded(self) -> bool:
        return bool(self.rest.value or (self.spare is not None and self.spare.wrong))

    @property
    def refused(self) -> list[EditedField]:
        every = [*self.conditions, *([self.spare] if self.spare else [])]
        return [field for one in every for field in one.wrong]


def answers_of(question: Question | None) -> tuple[tuple[str, str], ...]:
    """(code, label) of what may be ticked; none for a number, nor for what is no question (a score, an expression)."""
    if question is None or question.is_number:
        return ()
    if question.options:
        return tuple((option.code, option.label) for option in question.options)
    return _YES_OR_NO if question.kind == "boolean" else _ANSWERED


def compares(question: Question | None) -> bool:
    return question is None or question.is_number


def read(cell: str, answers: Sequence[tuple[str, str]], *, is_compared: bool) -> Threshold:
    """What the form says of a kept cell; the rest stays as it is written."""
    codes = {code for code, _ in answers}
    conditions: list[Condition] = []
    chosen, rest = set(), []
    for part in filter(None, map(str.strip, cell.split("|"))):
        condition = _condition(part) if is_compared and len(conditions) < MOST - 1 else None
        if part in codes:
            chosen.add(part)
        elif condition is not None:
            conditions.append(condition)
        else:
            rest.append(part)
    ordered = tuple(code for code, _ in answers if code in chosen)
    return Threshold(tuple(conditions), ordered, " | ".join(rest))


def sent_of(sent: Mapping[str, Any], name: str) -> Threshold:
    """`<name>`: the text; `<name>-code:<code>`: an answer; `<name>-<number>-<sign, low or high>`."""
    said = [
        Condition(*(str(sent.get(f"{name}-{number}-{part}", "")).strip()[:40] for part in _PARTS))
        for number in range(MOST)
    ]
    known = [number for number, one in enumerate(said) if one]
    prefix = f"{name}-code:"
    return Threshold(
        tuple(said[: known[-1] + 1] if known else ()),
        tuple(key.removeprefix(prefix)[:200] for key in sent if key.startswith(prefix)),
        str(sent.get(name, "")).strip()[:500],
    )


def mistakes(name: str, threshold: Threshold) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(threshold.conditions):
        for part, sentence in one.mistakes():
            yield f"{name}-{number}-{part}", sentence


def edited(
    name: str,
    heading: str,
    threshold: Threshold,
    question: Question | None,
    wrong: Mapping[str, str],
    said: str,
) -> EditedCell:
    """`said`: the cell in words, as it is kept: shown where something of it is written as text."""
    shown = [_shown(name, heading, number, one, wrong) for number, one in enumerate(threshold.conditions)]
    spare = None
    if compares(question) and len(shown) < MOST:
        spare = _shown(name, heading, len(shown), Condition(), wrong)
    if spare is not None and not shown:
        shown, spare = [spare], None
    return EditedCell(
        colour=name.rpartition("-")[2],
        heading=heading,
        field=EditedField(name, heading, threshold.text, wrong.get(name, "")),
        answers=tuple(
            (f"{name}-code:{code}", label, code in threshold.chosen) for code, label in answers_of(question)
        ),
        conditions=tuple(shown),
        spare=spare,
        rest=EditedField(name, "Condition écrite", threshold.rest, words=said if threshold.rest else ""),
        unit=question.unit if question is not None else "",
    )


def _shown(name: str, heading: str, number: int, one: Condition, wrong: Mapping[str, str]) -> EditedCondition:
    labels = {"sign": "comparaison", "low": "nombre", "high": "jusqu’à"}
    keys = {part: f"{name}-{number}-{part}" for part in _PARTS}
    fields = {
        part: EditedField(key, f"{heading}, {labels[part]}", getattr(one, part), wrong.get(key, ""))
        for part, key in keys.items()
    }
    return EditedCondition(**fields, number=number)


def _condition(part: str) -> Condition | None:
    if found := _SPAN.fullmatch(part):
        return Condition(BETWEEN, *(_in_french(text) for text in found.groups()))
    if found := _COMPARED.fullmatch(part):
        sign = found.group(1) or ""
        return Condition(_SIGNS.get(sign, sign), _in_french(found.group(2)))
    return None


def _in_french(number: str) -> str:
    return number.replace(".", ",").replace("-", "−")


def _plain(typed: str) -> str:
    """As cells write it, its zeros kept; as it was typed when it is no number."""
    number: Decimal | None = draft.number_of(typed)
    return typed if number is None else f"{number:f}"
