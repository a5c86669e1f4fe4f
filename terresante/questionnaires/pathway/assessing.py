"""The colour of an answer, and why: every line of the table on its own, the worst colour wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway import cell_reading, cells, fhirpath, wording
from terresante.questionnaires.pathway.enabling import shown
from terresante.questionnaires.pathway.keeping import from_json, numbers
from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Colour,
    Form,
    Past,
    Pathway,
    Question,
    Rule,
)
from terresante.questionnaires.pathway.reading import codes_of
from terresante.questionnaires.pathway.scoring import ScoreResult, scores

SCORE = "score:"


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that gave orange or red. `threshold` is the alternative of the cell that fitted, in French."""

    rule: str
    item: str
    label: str
    value: str
    colour: Colour
    threshold: str
    remeasure: bool
    number: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "item": self.item,
            "label": self.label,
            "value": self.value,
            "colour": self.colour.value,
            "threshold": self.threshold,
            "remeasure": self.remeasure,
            "number": None if self.number is None else float(self.number),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fired":
        number = data.get("number")
        return cls(
            rule=data["rule"],
            item=data["item"],
            label=data["label"],
            value=data["value"],
            colour=Colour(data["colour"]),
            threshold=data["threshold"],
            remeasure=data["remeasure"],
            number=None if number is None else Decimal(str(number)),
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """`fired`: worst first. `to_confirm`: red by measured values alone, that were not yet measured again."""

    colour: Colour
    fired: tuple[Fired, ...]
    scores: tuple[ScoreResult, ...]
    to_confirm: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "colour": self.colour.value,
            "fired": [one.as_json() for one in self.fired],
            "scores": [one.as_json() for one in self.scores],
            "to_confirm": self.to_confirm,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Assessment":
        return cls(
            colour=Colour(data["colour"]),
            fired=tuple(map(Fired.from_json, data["fired"])),
            scores=tuple(map(ScoreResult.from_json, data["scores"])),
            to_confirm=data["to_confirm"],
        )


def assess(
    pathway: Pathway,
    form_name: str,
    answers: Answers,
    *,
    at: datetime,
    history: Sequence[Past] = (),
    baseline: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> Assessment:
    """`at` and those of the history are aware; what is not before `at` is left out. Raises KeyError for no such form.

    `baseline`: values of the enrolment; `personal`: thresholds that the physician set then. Plain or typed.
    """
    table = _Table(
        pathway,
        pathway.form(form_name),
        at,
        [past for past in history if past.form == form_name and past.at < at],
        numbers(baseline or {}),
        numbers(personal or {}),
    )
    sheet = table.sheet(answers)
    fired = [one for rule in table.rules if (one := table.fired(rule, sheet)) is not None]
    fired.sort(key=lambda one: -one.colour.rank)
    return Assessment(
        colour=fired[0].colour if fired else Colour.GREEN,
        fired=tuple(fired),
        scores=sheet.scores,
        to_confirm=table.is_to_confirm(fired),
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Answers of one moment with what is computed of them."""

    answers: Answers
    scores: tuple[ScoreResult, ...]
    resource: Mapping[str, Any]


class _Unknown(Exception):
    """The item cannot be computed on these answers."""


@dataclass
class _Table:
    pathway: Pathway
    form: Form
    at: datetime
    history: list[Past]
    baseline: dict[str, Decimal]
    personal: dict[str, Decimal]
    rules: tuple[Rule, ...] = ()
    _before: dict[int, _Sheet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules = self.pathway.rules_of(self.form.name)

    def sheet(self, answers: Answers) -> _Sheet:
        """Read again as the database keeps them: a plain number is a number too."""
        answers = from_json(self.form, answers)
        names = {question.link_id for question in shown(self.form, answers)}
        kept = {link_id: value for link_id, value in answers.items() if link_id in names}
        computes = any(rule.item.startswith("{") for rule in self.rules)
        resource = fhirpath.resource_of(self.form, kept) if computes else {}
        return _Sheet(kept, scores(self.pathway, self.form, kept), resource)

    def fired(self, rule: Rule, sheet: _Sheet) -> Fired | None:
        question = self.form.question(rule.item)
        try:
            value = self.value(rule.item, sheet)
        except _Unknown:
            return self._told(rule, "—", Colour.ORANGE, wording.NOT_COMPUTED, None)
        if value is None:
            return None
        colour, threshold = self.colour_of(rule, question, value, sheet)
        if colour.rank < Colour.ORANGE.rank:
            return None
        return self._told(rule, self._said(rule, question, value, sheet), colour, threshold, value.number)

    def _told(self, rule: Rule, value: str, colour: Colour, threshold: str, number: Decimal | None) -> Fired:
        return Fired(
            rule=rule.name,
            item=rule.item,
            label=rule.why,
            value=value,
            colour=colour,
            threshold=threshold,
            remeasure=rule.remeasure,
            number=number,
        )

    def colour_of(
        self, rule: Rule, question: Question | None, value: cells.Value, sheet: _Sheet
    ) -> tuple[Colour, str]:
        around = self.around(rule.item, sheet)
        codes = codes_of(rule, self.pathway.forms)
        for colour, cell in rule.cells:
            for alternative in self._in_force(cell_reading.parsed(cell, codes)):
                if cells.fits(alternative, value, around):
                    return colour, wording.threshold(alternative, question, self.form, self.personal)
        return (Colour.ORANGE, wording.OFF_TABLE) if rule.green.strip() else (Colour.GREEN, "")

    def _in_force(self, alternatives: tuple[cells.Alternative, ...]) -> list[cells.Alternative]:
        """A personal threshold that was set replaces the thresholds written beside it."""
        is_set = any(name in self.personal for name in cells.personal_of(alternatives))
        return [one for one in alternatives if not (is_set and cells.is_simple(one))]

    def around(self, item: str, sheet: _Sheet) -> cells.Around:
        return cells.Around(
            within=lambda days: self._within(item, days),
            other=lambda link_id: _number(sheet.answers.get(link_id)),
            baseline=self.baseline.get(item),
            personal=self.personal,
        )

    def _within(self, item: str, days: int) -> list[cells.Value]:
        since = self.at - timedelta(days=days)
        found = []
        for number, past in enumerate(self.history):
            if past.at < since:
                continue
            if number not in self._before:
                self._before[number] = self.sheet(past.answers)
            try:
                value = self.value(item, self._before[number])
            except _Unknown:
                continue
            if value is not None:
                found.append(value)
        return found

    def value(self, item: str, sheet: _Sheet) -> cells.Value | None:
        """None: not answered. Raises _Unknown."""
        if item.startswith(SCORE):
            score = next((one for one in sheet.scores if one.id == item.removeprefix(SCORE)), None)
            if score is None or score.failed:
                raise _Unknown
            return None if score.value is None else cells.Value(score.value)
        if item.startswith("{"):
            return self._computed(item, sheet)
        question = self.form.question(item)
        answer = sheet.answers.get(item)
        return None if question is None or answer is None else _value(question, answer)

    def _computed(self, item: str, sheet: _Sheet) -> cells.Value | None:
        variables = {score.id: score.value for score in sheet.scores}
        try:
            expression = fhirpath.compiled(item.strip()[1:-1])
            found = expression.evaluate(sheet.resource, variables)
        except fhirpath.ExpressionError:
            raise _Unknown from None
        if found is None:
            return None
        if isinstance(found, bool):
            return cells.Value(Decimal(found), ("true" if found else "false",))
        return cells.Value(None, (found,)) if isinstance(found, str) else cells.Value(found)

    def _said(self, rule: Rule, question: Question | None, value: cells.Value, sheet: _Sheet) -> str:
        if question is not None:
            return wording.answer(question, sheet.answers[rule.item])
        if value.number is None:
            return ", ".join(value.codes)
        if rule.item.startswith(SCORE):
            score = next(one for one in sheet.scores if one.id == rule.item.removeprefix(SCORE))
            if score.maximum is not None:
                return f"{wording.number(value.number)} / {wording.number(score.maximum)}"
        return wording.number(value.number)

    def is_to_confirm(self, fired: Sequence[Fired]) -> bool:
        """Each red is of a measure, and none of them was already red in the last `confirm` minutes."""
        reds = {one.rule for one in fired if one.colour is Colour.RED}
        if not reds or not all(one.remeasure for one in fired if one.colour is Colour.RED):
            return False
        since = self.at - timedelta(minutes=self.pathway.delays.confirm)
        for past in self.history:
            if past.at < since:
                continue
            earlier = assess(
                self.pathway,
                self.form.name,
                past.answers,
                at=past.at,
                history=[],
                baseline=self.baseline,
                personal=self.personal,
            )
            reds -= {one.rule for one in earlier.fired if one.colour is Colour.RED}
        return bool(reds) and len(reds) == len({one.rule for one in fired if one.colour is Colour.RED})


def _value(question: Question, answer: AnswerValue) -> cells.Value:
    if isinstance(answer, bool):
        return cells.Value(Decimal(answer), ("true" if answer else "false",))
    if isinstance(answer, int | Decimal):
        return cells.Value(Decimal(answer))
    codes = answer if isinstance(answer, tuple) else (answer,) if isinstance(answer, str) else ()
    if not question.is_choice:
        return cells.Value(None, ())
    options = [question.option(code) for code in codes]
    known = [option.points for option in options if option is not None and option.points is not None]
    if not known and len(codes) == 1 and codes[0].isdecimal() and codes[0].isascii():
        return cells.Value(Decimal(codes[0]), codes)
    return cells.Value(sum(known, Decimal(0)) if known else None, codes)


def _number(value: AnswerValue | None) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
