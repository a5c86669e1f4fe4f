"""What a pathway is once read: plain values, no Django, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

AnswerValue = bool | Decimal | int | str | date | time | tuple[str, ...]
# linkId → value. A choice is its code; several choices, a tuple of codes; what is not answered is absent.
Answers = Mapping[str, AnswerValue]


class Colour(StrEnum):
    GREY = "grey"
    GREEN = "green"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """GREEN 0 < GREY 1 < ORANGE 2 < RED 3: the worst of several is the highest."""
        return _RANKS[self]

    @property
    def label(self) -> str:
        return {"grey": "gris", "green": "vert", "orange": "orange", "red": "rouge"}[self.value]


_RANKS = {Colour.GREEN: 0, Colour.GREY: 1, Colour.ORANGE: 2, Colour.RED: 3}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file of a pathway, and what to write instead. `line` counts from 1."""

    file: str
    line: int
    what: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line} : {self.what}"


class PathwayError(ValueError):
    """The files do not make a pathway."""

    def __init__(self, mistakes: list[Mistake]):
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    points: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` is None for `exists`, whose `expected` says whether an answer must be there."""

    link_id: str
    operator: str  # exists | = | != | > | < | >= | <=
    value: AnswerValue | None = None
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Enablement:
    conditions: tuple[Condition, ...]
    any_of: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    link_id: str
    text: str
    # boolean | integer | decimal | quantity | choice | open-choice | string | text | date | time | display
    kind: str
    required: bool = False
    repeats: bool = False
    unit: str = ""
    lowest: Decimal | None = None
    highest: Decimal | None = None
    options: tuple[Option, ...] = ()
    help: str = ""
    prefix: str = ""
    name: str = ""  # of what is measured, when the file names it by a code
    section: str = ""  # title of the group it stands in
    control: str = ""  # "breathing-counter", "slider"… as the file says, or ""
    enable_when: tuple[Enablement, ...] = ()  # its own and those of its groups: all must hold
    max_length: int | None = None
    parent: str = ""  # linkId of the question under which it stands in FHIR, or ""

    @property
    def is_number(self) -> bool:
        return self.kind in ("integer", "decimal", "quantity")

    @property
    def is_choice(self) -> bool:
        return self.kind in ("choice", "open-choice")

    @property
    def is_answered(self) -> bool:
        """A display says something and asks nothing."""
        return self.kind != "display"

    def option(self, code: str) -> Option | None:
        return next((option for option in self.options if option.code == code), None)


@dataclass(frozen=True)
class Form:
    name: str
    title: str
    description: str
    questions: tuple[Question, ...]
    resource: Mapping[str, Any] = field(repr=False, compare=False)
    groups: tuple[str, ...] = ()

    @cached_property
    def _by_link_id(self) -> dict[str, Question]:
        return {question.link_id: question for question in self.questions}

    @cached_property
    def _codes(self) -> dict[str, frozenset[str]]:
        return {
            question.link_id: frozenset(("true", "false"))
            if question.kind == "boolean"
            else frozenset(option.code for option in question.options)
            for question in self.questions
        }

    @cached_property
    def by_dependence(self) -> tuple[Question, ...]:
        """Each after those its enableWhen names; in the order of the file when they wait for each other."""
        waits = {
            question.link_id: {
                condition.link_id
                for enablement in question.enable_when
                for condition in enablement.conditions
            }
            for question in self.questions
        }
        try:
            names = list(TopologicalSorter(waits).static_order())
        except CycleError:
            return self.questions
        return tuple(question for name in names if (question := self.question(name)) is not None)

    @cached_property
    def has_conditions(self) -> bool:
        return any(question.enable_when for question in self.questions)

    def question(self, link_id: str) -> Question | None:
        return self._by_link_id.get(link_id)

    def codes(self, item: str) -> frozenset[str]:
        """What a word or a number of a cell may name: the options of the item, true and false."""
        return self._codes.get(item, frozenset())


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    expression: str
    maximum: Decimal | None
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Band:
    lowest: Decimal
    highest: Decimal
    label: str
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Score:
    id: str
    questionnaire: str
    title: str
    maximum: Decimal | None
    formula: int
    expression: str
    missing: str  # unknown | zero
    parts: tuple[Part, ...]
    bands: tuple[Band, ...]
    line: int = field(default=1, compare=False)
    expression_line: int = field(default=1, compare=False)

    def band(self, value: Decimal) -> Band | None:
        return next((band for band in self.bands if band.lowest <= value <= band.highest), None)


_PERSONAL = re.compile(r"personal\s*\(\s*([A-Za-z][\w-]*)\s*\)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the decision table. The cells stay as written; `cell_reading.parsed` reads them."""

    name: str
    questionnaire: str
    item: str  # linkId | score:<id> | {FHIRPath}
    green: str
    orange: str
    red: str
    remeasure: bool
    why: str
    line: int = field(default=1, compare=False)

    @property
    def cells(self) -> tuple[tuple[Colour, str], ...]:
        """In the order in which they are tried."""
        return ((Colour.RED, self.red), (Colour.ORANGE, self.orange), (Colour.GREEN, self.green))

    @property
    def personal(self) -> list[str]:
        return [name for _, cell in self.cells for name in _PERSONAL.findall(cell)]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the schedule, as written; `timing.due` reads it."""

    name: str
    questionnaire: str
    start: str
    end: str
    times: str
    remind: str
    grey: str
    orange: str
    red: str
    role: str
    every: str = ""
    # Of a date known later: the one it counts from, the one after which it is no more expected.
    anchor: str = ""
    until: str = ""
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Delays:
    """Minutes."""

    confirm: int = 15
    take_red: int = 10
    take_orange: int = 240


@dataclass(frozen=True, slots=True)
class MeantFor:
    """Whom it was made for: completed years, both included; None: no limit. `sex`: female, male, or "" for both.

    `criteria`: what a professional confirms of the person, a sentence each.
    """

    ages: str = ""  # as written
    lowest: int | None = None
    highest: int | None = None
    sex: str = ""
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True)
class PastExample:
    days_ago: Decimal
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    name: str
    questionnaire: str
    answers: Mapping[str, Any]
    history: tuple[PastExample, ...]
    baseline: Mapping[str, Any]
    personal: Mapping[str, Any]
    expect: Mapping[str, Any]
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Pathway:
    code: str
    title: str
    version: int
    kind: str
    data_class: str
    summary: str
    sources: tuple[str, ...]
    default_thresholds: bool
    licence: str
    anchor_label: str
    enrolment_questionnaire: str
    statuses: tuple[str, ...]
    delays: Delays
    enrols: tuple[str, ...]
    takes: tuple[str, ...]
    forms: Mapping[str, Form]
    scores: tuple[Score, ...]
    rules: tuple[Rule, ...]
    schedule: tuple[Step, ...]
    texts: Mapping[str, str]
    examples: tuple[Example, ...]
    # Dates known later, that lines of the schedule count from: name → label.
    later_anchors: Mapping[str, str] = field(default_factory=dict)
    meant: MeantFor = MeantFor()

    def form(self, name: str) -> Form:
        """Raises KeyError."""
        return self.forms[name]

    @cached_property
    def _scores_of(self) -> dict[str, tuple[Score, ...]]:
        return {
            name: tuple(score for score in self.scores if score.questionnaire == name)
            for name in {score.questionnaire for score in self.scores}
        }

    @cached_property
    def _rules_of(self) -> dict[str, tuple[Rule, ...]]:
        return {
            name: tuple(rule for rule in self.rules if rule.questionnaire == name)
            for name in {rule.questionnaire for rule in self.rules}
        }

    def scores_of(self, form: str) -> tuple[Score, ...]:
        return self._scores_of.get(form, ())

    @property
    def personal(self) -> tuple[str, ...]:
        """Names of the personal thresholds that its rules read: what a physician may set at enrolment."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.personal))

    def rules_of(self, form: str) -> tuple[Rule, ...]:
        return self._rules_of.get(form, ())


class Problem(NamedTuple):
    """An answer that is refused. `proposal` is what was perhaps meant (« 36,7 » for 98 °F), or ""."""

    link_id: str
    sentence: str
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """`at` is aware."""

    at: datetime
    form: str
    answers: Answers
