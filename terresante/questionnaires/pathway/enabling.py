"""Which questions of a form are asked, of what was answered so far (enableWhen)."""

from datetime import date, time
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.model import Answers, AnswerValue, Condition, Form, Question


def shown(form: Form, answers: Answers) -> list[Question]:
    """enableWhen applied: the answer of a question that is hidden enables nothing."""
    if not form.has_conditions:
        return list(form.questions)
    hidden: set[str] = set()
    for question in form.by_dependence:
        if not _is_enabled(question, answers, hidden):
            hidden.add(question.link_id)
    return [question for question in form.questions if question.link_id not in hidden]


def _is_enabled(question: Question, answers: Answers, hidden: set[str]) -> bool:
    return all(
        (any if enablement.any_of else all)(
            holds(condition, None if condition.link_id in hidden else answers.get(condition.link_id))
            for condition in enablement.conditions
        )
        for enablement in question.enable_when
    )


def holds(condition: Condition, value: AnswerValue | None) -> bool:
    """FHIR R4: an operator but `exists` needs an answer; one value of several is enough."""
    if condition.operator == "exists":
        return (value is not None) is condition.expected
    if value is None:
        return False
    values = value if isinstance(value, tuple) else (value,)
    if condition.operator == "!=":
        return all(not _compares("=", one, condition.value) for one in values)
    return any(_compares(condition.operator, one, condition.value) for one in values)


def _compares(operator: str, left: AnswerValue, right: AnswerValue | None) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return operator == "=" and left is right
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return _ordered(operator, Decimal(left), Decimal(right))
    if type(left) is type(right) and isinstance(left, str | date | time):
        return _ordered(operator, left, right)
    return False


def _ordered(operator: str, left: Any, right: Any) -> bool:
    return bool(
        {
            "=": left == right,
            ">": left > right,
            "<": left < right,
            ">=": left >= right,
            "<=": left <= right,
        }[operator]
    )
