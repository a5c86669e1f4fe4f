"""Thresholds of one person: of which measure each is, what may be set, and what would make no sense of the table.

Their bounds are said once: those of the question (minValue, maxValue), or the points of the score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from terresante.questionnaires.pathway import cell_reading, cells, coverage, wording
from terresante.questionnaires.pathway.answering import between, meant
from terresante.questionnaires.pathway.assessing import SCORE
from terresante.questionnaires.pathway.keeping import LARGEST_NUMBER
from terresante.questionnaires.pathway.model import Colour, Form, Pathway, Question, Rule, Score
from terresante.questionnaires.pathway.reading import codes_of
from terresante.questionnaires.pathway.tables import near

_WHERE = {
    "<": "au-dessous de ce seuil",
    "<=": "à ce seuil et au-dessous",
    ">": "au-dessus de ce seuil",
    ">=": "à ce seuil et au-dessus",
    "=": "à ce seuil même",
}
_NO_FORM = Form("", "", "", (), {})


@dataclass(frozen=True, slots=True)
class OwnThreshold:
    """A value that a physician may set for one person, in French.

    `does`: what it changes; `instead_of`: what holds of the table when it is not set, "" when nothing does.
    """

    name: str
    label: str
    unit: str
    bounds: str
    does: str
    instead_of: str


def own_thresholds(pathway: Pathway) -> list[OwnThreshold]:
    """Those that the rules read of the person, in the order of the table."""
    found: dict[str, OwnThreshold] = {}
    for rule in pathway.rules:
        for name in rule.personal:
            if name not in found:
                found[name] = _told(pathway, rule, name)
    return list(found.values())


def wrong_personal(pathway: Pathway, personal: Mapping[str, Decimal]) -> dict[str, str]:
    """Name → what is wrong with this threshold and what to write; {} when they may be set together."""
    wrong = {
        name: f"aucune règle ne lit personal({name}) : {near(name, pathway.personal)}"
        for name in personal
        if name not in pathway.personal
    }
    rules = [rule for rule in pathway.rules if any(name in personal for name in rule.personal)]
    for rule in rules:
        for name in rule.personal:
            if name in personal and name not in wrong:
                if told := _implausible(_measure(pathway, rule), personal[name]):
                    wrong[name] = told
    if wrong:
        return wrong
    for rule in rules:
        form, codes = pathway.forms.get(rule.questionnaire, _NO_FORM), codes_of(rule, pathway.forms)
        for name, told in coverage.senseless(rule, form, _score(pathway, rule), codes, personal):
            wrong.setdefault(name, told)
    return wrong


def without_bounds(pathway: Pathway, rule: Rule) -> str:
    """A threshold that nothing would keep from being absurd, or ""."""
    measure = _measure(pathway, rule)
    if not rule.personal or (measure.lowest is not None and measure.highest is not None):
        return ""
    form = pathway.forms.get(rule.questionnaire, _NO_FORM)
    question = form.question(rule.item)
    remedy = "faites-en un score, avec son « max »."
    if question is not None and question.is_number:
        remedy = f"ajoutez minValue et maxValue à « {rule.item} »."
    elif _score(pathway, rule) is not None:
        remedy = "ajoutez « max » à ce score."
    return f"personal({rule.personal[0]}) n’a pas de limites, un seuil impossible serait accepté : {remedy}"


def _told(pathway: Pathway, rule: Rule, name: str) -> OwnThreshold:
    measure = _measure(pathway, rule)
    cells_of = {colour: _read(pathway, rule, cell) for colour, cell in rule.cells}
    changed: list[tuple[Colour, str]] = []
    for colour, alternatives in cells_of.items():
        for one in alternatives:
            if isinstance(one, cells.Compare) and one.number == cells.Personal(name):
                changed.append((colour, _WHERE[one.operator]))
    said = [one for one in changed if one[0] is not Colour.GREEN] or changed
    does = [f"{colour.label} {where}" for colour, where in said]
    # Two of one measure are told apart by what they do.
    which = does[0] if len(set(rule.personal)) > 1 else "seuil de cette personne"
    form = pathway.forms.get(rule.questionnaire, _NO_FORM)
    question = form.question(rule.item)
    replaced = [
        f"{colour.label} {wording.threshold(one, question, form)}"
        for colour in dict.fromkeys(colour for colour, _ in said)
        for one in cells_of[colour]
        if cells.is_simple(one)
    ]
    return OwnThreshold(
        name=name,
        label=f"{rule.why} : {which}",
        unit=measure.unit,
        bounds=between(measure),
        does=", ".join(does),
        instead_of=", ".join(replaced),
    )


def _read(pathway: Pathway, rule: Rule, cell: str) -> tuple[cells.Alternative, ...]:
    return cell_reading.parsed(cell, codes_of(rule, pathway.forms))


def _measure(pathway: Pathway, rule: Rule) -> Question:
    """What the rule looks at, as a question: a score has no unit, an expression no bounds either."""
    form = pathway.forms.get(rule.questionnaire, _NO_FORM)
    question = form.question(rule.item)
    if question is not None:
        return question
    score = _score(pathway, rule)
    lowest, highest = (Decimal(0), coverage.most(score)) if score is not None else (None, None)
    return Question(rule.item, rule.why, "decimal", lowest=lowest, highest=highest)


def _score(pathway: Pathway, rule: Rule) -> Score | None:
    return next((one for one in pathway.scores if SCORE + one.id == rule.item), None)


def _implausible(measure: Question, value: Decimal) -> str:
    if not value.is_finite() or value.copy_abs() > LARGEST_NUMBER:
        return "Écrivez un nombre, par exemple 36,7."
    low, high = measure.lowest, measure.highest
    if (low is None or value >= low) and (high is None or value <= high):
        return ""
    proposal, asked = meant(measure, value)
    if proposal is not None:
        instead = f"Si oui, écrivez {wording.number(proposal)}. Sinon, un seuil {between(measure)}."
        return f"{wording.number(value)} {asked} {instead}"
    said = wording.with_unit(value, measure.unit)
    return f"{said} n’est pas un seuil possible : écrivez une valeur {between(measure)}."
