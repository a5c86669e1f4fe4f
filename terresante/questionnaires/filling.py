"""A form as a page shows it: what is asked, what was sent, what is wrong, what was said the last time. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import groupby
from typing import Any

from terresante.kernel.ui import wording
from terresante.questionnaires import pathway as engine

# Before the linkId in the name of a field, which is then nothing else's.
PREFIX = "q-"
# Beyond, a list to unfold.
_MOST_RADIOS = 8


@dataclass(frozen=True, slots=True)
class AskedOption:
    code: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question on a page; `given` is what was sent, as text, `before` what was said the last time."""

    question: engine.Question
    is_shown: bool
    given: str = ""
    chosen: tuple[str, ...] = ()
    mistake: str = ""
    proposal: str = ""
    before: str = ""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.question.link_id}"

    @property
    def widget(self) -> str:
        """What its template draws."""
        kind = self.question.kind
        if kind == "display":
            return "said"
        if kind == "boolean" or self.question.is_choice:
            return self._choice
        return {"text": "text", "date": "date", "time": "time"}.get(
            kind, "number" if self._is_number else "line"
        )

    @property
    def _choice(self) -> str:
        if self.question.repeats:
            return "checks"
        return "radios" if len(self.options) <= _MOST_RADIOS else "select"

    @property
    def _is_number(self) -> bool:
        return self.question.is_number

    @property
    def inputmode(self) -> str:
        return "numeric" if self.question.kind == "integer" else "decimal"

    @property
    def options(self) -> tuple[AskedOption, ...]:
        if self.question.kind == "boolean":
            both = (("true", "Oui"), ("false", "Non"))
            return tuple(AskedOption(code, label, code in self.chosen) for code, label in both)
        return tuple(
            AskedOption(one.code, one.label, one.code in self.chosen) for one in self.question.options
        )

    @property
    def bounds(self) -> str:
        """« de 33 à 43 °C », when there are both."""
        low, high = self.question.lowest, self.question.highest
        if low is None or high is None:
            return ""
        return f"de {number(low)} à {number(high)} {self.question.unit}".strip()

    @property
    def shown_when(self) -> str:
        """For the island that shows and hides as one answers; '' for a question that is always asked."""
        if not self.question.enable_when:
            return ""
        return json.dumps(
            [
                {
                    "any": group.any_of,
                    "of": [
                        [one.link_id, one.operator, _told(one.value), one.expected]
                        for one in group.conditions
                    ],
                }
                for group in self.question.enable_when
            ]
        )


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    asked: tuple[Asked, ...]

    @property
    def is_shown(self) -> bool:
        return any(one.is_shown for one in self.asked)


@dataclass(frozen=True, slots=True)
class Before:
    """The last answers to the same form."""

    at: datetime
    answers: engine.Answers


def sections(
    form: engine.Form,
    *,
    raw: Mapping[str, Sequence[str]],
    answers: engine.Answers,
    problems: Sequence[engine.Problem] = (),
    before: Before | None = None,
) -> list[Section]:
    """`raw`: what is in the fields; `answers`: what it means, by which questions show."""
    shown = {question.link_id for question in engine.shown(form, answers)}
    wrong = {problem.link_id: problem for problem in problems}
    asked = [
        _asked(question, question.link_id in shown, raw, wrong.get(question.link_id), before)
        for question in form.questions
    ]
    return [
        Section(title, tuple(found)) for title, found in groupby(asked, key=lambda one: one.question.section)
    ]


def _asked(
    question: engine.Question,
    is_shown: bool,
    raw: Mapping[str, Sequence[str]],
    problem: engine.Problem | None,
    before: Before | None,
) -> Asked:
    sent = tuple(raw.get(question.link_id, ()))
    known = before.answers.get(question.link_id) if before else None
    return Asked(
        question=question,
        is_shown=is_shown,
        given=sent[0] if sent else "",
        chosen=sent,
        mistake=problem.sentence if problem else "",
        proposal=problem.proposal if problem else "",
        before="" if known is None else worded(question, known),
    )


def raw_of(posted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The fields of a form, by linkId."""
    return {name.removeprefix(PREFIX): list(sent) for name, sent in posted.items() if name.startswith(PREFIX)}


def raw_answers(answers: engine.Answers) -> dict[str, list[str]]:
    """As fields hold them, to begin from what was answered."""
    return {name: _field(value) for name, value in answers.items()}


def _field(value: engine.AnswerValue) -> list[str]:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Decimal | int):
        return [number(value)]
    return [value.isoformat() if isinstance(value, date | time) else value]


def worded(question: engine.Question, value: engine.AnswerValue) -> str:
    """An answer as one says it: « Oui », « 37,4 °C », « le 3 mars 2026 »."""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, tuple):
        return ", ".join(_label(question, code) for code in value)
    if isinstance(value, Decimal | int):
        unit = f"{wording.NBSP}{question.unit}" if question.unit else ""
        return f"{number(value)}{unit}"
    if isinstance(value, date):
        return wording.long_date(value)
    if isinstance(value, time):
        return f"{value:%H:%M}".replace(":", f"{wording.NBSP}h{wording.NBSP}")
    return _label(question, value) if question.is_choice else value


def _label(question: engine.Question, code: str) -> str:
    option = question.option(code)
    return option.label if option is not None else code


def number(value: Decimal | int | float) -> str:
    """With a comma, without needless zeros."""
    said = f"{Decimal(str(value)):f}"
    return (said.rstrip("0").rstrip(".") if "." in said else said).replace(".", ",")


def _told(value: engine.AnswerValue | None) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
