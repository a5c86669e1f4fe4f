"""The decision table as somebody reads it who does not know its codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from terresante.questionnaires.pathway import cell_reading, cells, timing, wording
from terresante.questionnaires.pathway.assessing import SCORE
from terresante.questionnaires.pathway.model import Colour, Form, Pathway, Question, Rule, Step
from terresante.questionnaires.pathway.reading import codes_of, load
from terresante.questionnaires.pathway.tables import Mistakes

_NO_FORM = Form("", "", "", (), {})


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """`asked`: the question, or the score. A colour is "" when its cell is empty or cannot be read."""

    rule: Rule
    asked: str
    green: str
    orange: str
    red: str
    # Columns whose file holds codes, or the language of tables, rather than plain numbers.
    coded: frozenset[str]


def readable(files: Mapping[str, str]) -> Pathway | None:
    """Of a draft that has mistakes, what can be read."""
    return load(files, Mistakes())


def rules_in_words(files: Mapping[str, str]) -> dict[str, RuleInWords]:
    """By the name of the rule."""
    pathway = readable(files)
    return {} if pathway is None else {rule.name: in_words(pathway, rule) for rule in pathway.rules}


def in_words(pathway: Pathway, rule: Rule) -> RuleInWords:
    form = pathway.forms.get(rule.questionnaire, _NO_FORM)
    question = form.question(rule.item)
    said: dict[Colour, str] = {}
    coded = set()
    for colour, cell in rule.cells:
        try:
            alternatives = cell_reading.parsed(cell, codes_of(rule, pathway.forms))
        except cell_reading.CellError:
            alternatives = ()
        said[colour] = " ou ".join(wording.threshold(one, question, form) for one in alternatives)
        if not all(_is_plain(one) for one in alternatives):
            coded.add(colour.value)
    return RuleInWords(
        rule=rule,
        asked=_asked(pathway, rule, question),
        green=said[Colour.GREEN],
        orange=said[Colour.ORANGE],
        red=said[Colour.RED],
        coded=frozenset(coded),
    )


def same_cell(one: str, other: str) -> bool:
    """They say the same, in any order; a word means the same code whatever the question."""
    try:
        return set(cell_reading.parsed(one)) == set(cell_reading.parsed(other))
    except cell_reading.CellError:
        return one == other


_SILENCES = {"grey": "gris", "orange": "orange", "red": "rouge"}


def step_in_words(pathway: Pathway, step: Step) -> str:
    """« Du jour 0 au jour 10, chaque jour à 8 h. Rappel à 12 h. Sans réponse : orange à 14 h. », or ""."""
    try:
        plan = timing.planned(step)
    except timing.StepError:
        return ""
    hours = " et ".join(_clock(at) for at in plan.times)
    if plan.start == plan.end:
        when = f"Le {_day(plan.start)} à {hours}"
    else:
        when = f"Du {_day(plan.start)} au {_day(plan.end)}, {_rhythm(plan.every)} à {hours}"
    if step.anchor:
        when += f", compté depuis : {pathway.later_anchors.get(step.anchor, step.anchor)}"
    said = [when]
    if plan.marks["remind"] is not None:
        said.append(f"Rappel {_mark(plan.marks['remind'])}")
    silences = [
        f"{label} {_mark(mark)}"
        for name, label in _SILENCES.items()
        if (mark := plan.marks[name]) is not None
    ]
    if silences:
        said.append(f"Sans réponse : {', '.join(silences)}")
    return ". ".join(said) + "."


def _clock(at: time) -> str:
    return f"{at.hour} h {at.minute:02d}" if at.minute else f"{at.hour} h"


def _day(day: timing.Day) -> str:
    return f"{'mois' if day.unit == 'M' else 'jour'} {day.count}"


def _rhythm(every: timing.Day) -> str:
    if every.count == 1:
        return "chaque mois" if every.unit == "M" else "chaque jour"
    return f"tous les {every.count} {'mois' if every.unit == 'M' else 'jours'}"


def _mark(mark: timing.Mark) -> str:
    if mark.after is not None:
        minutes = int(mark.after.total_seconds()) // 60
        if minutes % 1440 == 0:
            return f"{minutes // 1440} j après"
        return f"{minutes // 60} h après" if minutes % 60 == 0 else f"{minutes} min après"
    at = f"à {_clock(mark.at)}" if mark.at is not None else ""
    return f"le {_day(mark.day)} {at}".strip() if mark.day is not None else at


def _asked(pathway: Pathway, rule: Rule, question: Question | None) -> str:
    if question is not None:
        return question.text
    scores = (score.title for score in pathway.scores if SCORE + score.id == rule.item)
    return next(scores, "")


def _is_plain(one: cells.Alternative) -> bool:
    return isinstance(one, cells.Between) or (
        isinstance(one, cells.Compare) and isinstance(one.number, Decimal)
    )
