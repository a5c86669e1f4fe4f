"""What a telephone needs to ask the questions, and to say red at once without network."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway import cell_reading, cells
from terresante.questionnaires.pathway.keeping import numbers, plain
from terresante.questionnaires.pathway.model import Colour, Pathway, Question, Rule
from terresante.questionnaires.pathway.reading import codes_of


def offline(pathway: Pathway, form_name: str, *, personal: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`rules` holds what one value decides alone, red and orange, in the order in which they are tried.

    A test is {"from", "to"}, {"op", "number"} or {"code"}; one that fits is enough. A personal threshold replaces the
    ones beside it, as on the server. Raises KeyError for no such form.
    """
    form = pathway.form(form_name)
    floors = numbers(personal or {})
    return {
        "form": form.name,
        "title": form.title,
        "description": form.description,
        "questions": [_question(question) for question in form.questions],
        "rules": [
            {
                "rule": rule.name,
                "item": rule.item,
                "label": rule.why,
                "colour": colour.value,
                "remeasure": rule.remeasure,
                "tests": tests,
            }
            for rule in pathway.rules_of(form_name)
            if form.question(rule.item) is not None
            for colour, cell in rule.cells
            if colour in (Colour.RED, Colour.ORANGE) and (tests := _tests(pathway, rule, cell, floors))
        ],
        "texts": dict(pathway.texts),
        "confirm_minutes": pathway.delays.confirm,
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "link_id": question.link_id,
        "text": question.text,
        "kind": question.kind,
        "required": question.required,
        "repeats": question.repeats,
        "unit": question.unit,
        "lowest": None if question.lowest is None else plain(question.lowest),
        "highest": None if question.highest is None else plain(question.highest),
        "options": [{"code": option.code, "label": option.label} for option in question.options],
        "help": question.help,
        "prefix": question.prefix,
        "section": question.section,
        "control": question.control,
        "max_length": question.max_length,
        "enable_when": [
            {
                "any": enablement.any_of,
                "conditions": [
                    {
                        "link_id": condition.link_id,
                        "operator": condition.operator,
                        "value": condition.expected if condition.value is None else plain(condition.value),
                    }
                    for condition in enablement.conditions
                ],
            }
            for enablement in question.enable_when
        ],
    }


def _tests(pathway: Pathway, rule: Rule, cell: str, personal: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    alternatives = cell_reading.parsed(cell, codes_of(rule, pathway.forms))
    is_set = any(name in personal for name in cells.personal_of(alternatives))
    tests: list[dict[str, Any]] = []
    for one in alternatives:
        if is_set and cells.is_simple(one):
            continue
        match one:
            case cells.Between(lowest, highest):
                tests.append({"from": plain(lowest), "to": plain(highest)})
            case cells.Compare(operator, cells.Personal(name)) if name in personal:
                tests.append({"op": operator, "number": plain(personal[name])})
            case cells.Compare(operator, Decimal() as number):
                tests.append({"op": operator, "number": plain(number)})
            case cells.Code(code):
                tests.append({"code": code})
    return tests
