"""What a question, a condition, a cell or an expression says that its questionnaire does not hold."""

import re
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal

from terresante.questionnaires.pathway import cells
from terresante.questionnaires.pathway.model import AnswerValue, Condition, Form, Question
from terresante.questionnaires.pathway.tables import near

_CODE = re.compile(
    r"linkId\s*=\s*'([^']*)'\s*\)\s*\.\s*answer\s*\.\s*value(?:Coding)?\s*\.\s*code\s*(?:=|~|!=)\s*'([^']*)'"
)
_ORDERS = (">", "<", ">=", "<=")
_CODES = re.compile(
    r"linkId\s*=\s*'([^']*)'\s*\)\s*\.\s*answer\s*\.\s*value(?:Coding)?\s*\.\s*code\s+in\s*\(([^)]*)\)"
)


def conditions(question: Question) -> Iterator[Condition]:
    for enablement in question.enable_when:
        yield from enablement.conditions


def wrong_condition(form: Form, question: Question, condition: Condition) -> str:
    other = form.question(condition.link_id)
    if other is None or not other.is_answered:
        names = [one.link_id for one in form.questions if one.is_answered]
        return f"enableWhen de « {question.link_id} » nomme « {condition.link_id} » : {near(condition.link_id, names)}"
    if other.kind == "choice" and isinstance(condition.value, str) and other.option(condition.value) is None:
        codes = [option.code for option in other.options]
        told = near(condition.value, codes)
        return f"enableWhen de « {question.link_id} » attend la réponse « {condition.value} » : {told}"
    if condition.operator != "exists" and not _comparable(other, condition.value):
        return (
            f"enableWhen de « {question.link_id} » compare « {other.link_id} » à une réponse d’un autre type."
        )
    if condition.operator in _ORDERS and not (other.is_number or other.kind in ("date", "time")):
        return (
            f"enableWhen de « {question.link_id} » : « {condition.operator} » compare des nombres, des dates ou des "
            f"heures. « {other.link_id} » n’en est pas : écrivez = ou !=."
        )
    return ""


def _comparable(question: Question, value: AnswerValue | None) -> bool:
    if question.kind == "boolean":
        return isinstance(value, bool)
    if question.is_number:
        return isinstance(value, Decimal | int) and not isinstance(value, bool)
    if question.kind in ("date", "time"):
        return isinstance(value, date if question.kind == "date" else time)
    return isinstance(value, str)


def suspicious(question: Question) -> Iterator[str]:
    if question.is_number and (question.lowest is None or question.highest is None):
        yield f"« {question.link_id} » n’a pas de minValue et maxValue : une valeur impossible sera acceptée."
    if question.kind == "quantity" and not question.unit:
        yield f"« {question.link_id} » n’a pas d’unité (questionnaire-unit)."
    if question.control == "breathing-counter" and not question.is_number:
        yield f"« {question.link_id} » : le compteur de respiration demande un nombre entier (integer)."


def wrong_codes(form: Form, text: str) -> Iterator[str]:
    named = [(link_id, code) for link_id, code in _CODE.findall(text)]
    for link_id, several in _CODES.findall(text):
        named += [(link_id, code) for code in re.findall(r"'([^']*)'", several)]
    for link_id, code in named:
        question = form.question(link_id)
        if question is not None and question.kind == "choice" and question.option(code) is None:
            codes = [option.code for option in question.options]
            yield f"« {link_id} » n’a pas de réponse « {code} » : {near(code, codes)}"


def wrong_alternative(one: cells.Alternative, question: Question | None, form: Form) -> str:
    if isinstance(one, cells.Difference):
        other = form.question(one.other)
        if other is None or not other.is_number:
            names = [item.link_id for item in form.questions if item.is_number]
            return f"difference({one.other}) : ce n’est pas une mesure de « {form.name} », {near(one.other, names)}"
    if question is None:
        return ""
    of = one.of if isinstance(one, cells.Counted) else one
    if isinstance(of, cells.Code):
        if question.is_choice and question.option(of.code) is None:
            codes = [option.code for option in question.options]
            return f"« {of.code} » n’est pas une réponse : {near(of.code, codes)}"
        if question.kind == "boolean" and of.code not in ("true", "false"):
            return f"« {of.code} » n’est pas une réponse : écrivez true ou false."
        if not question.is_choice and question.kind != "boolean":
            return f"« {of.code} » n’est pas un nombre : écrivez par exemple >= 39 ou 36.0..37.9."
        return ""
    if isinstance(of, cells.Answered):
        return ""
    pointed = question.is_choice and any(
        option.points is not None or option.code.isdecimal() for option in question.options
    )
    if (
        not question.is_number
        and not pointed
        and not (question.kind == "boolean" and isinstance(one, cells.Summed))
    ):
        return "cette question n’a pas de nombre : écrivez le code d’une réponse, true, false ou answered."
    return ""
