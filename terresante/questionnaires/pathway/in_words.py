"""The decision table as somebody reads it who does not know its codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from terresante.questionnaires.pathway import cell_reading, cells, wording
from terresante.questionnaires.pathway.assessing import SCORE
from terresante.questionnaires.pathway.model import Colour, Form, Pathway, Question, Rule
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


def rules_in_words(files: Mapping[str, str]) -> dict[str, RuleInWords]:
    """By the name of the rule; of a draft that has mistakes, what can be read."""
    pathway = load(files, Mistakes())
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


def _asked(pathway: Pathway, rule: Rule, question: Question | None) -> str:
    if question is not None:
        return question.text
    scores = (score.title for score in pathway.scores if SCORE + score.id == rule.item)
    return next(scores, "")


def _is_plain(one: cells.Alternative) -> bool:
    return isinstance(one, cells.Between) or (
        isinstance(one, cells.Compare) and isinstance(one.number, Decimal)
    )
