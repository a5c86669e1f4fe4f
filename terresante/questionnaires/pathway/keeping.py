"""Answers as the database and the examples keep them, and back. Nobody's input makes these functions raise."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from terresante.questionnaires.pathway.model import Answers, AnswerValue, Form, Question

LARGEST_NUMBER = 10**12
MOST_DECIMALS = 9
_FRENCH_DATE = re.compile(r"(\d{1,2})[/. ](\d{1,2})[/. ](\d{4})")
_TIME = re.compile(r"([01]?\d|2[0-3])\s*[:hH]\s*([0-5]\d)?(?::[0-5]\d)?")


def to_json(form: Form, answers: Answers) -> dict[str, Any]:
    """linkId → what the database keeps, in the order of the form."""
    return {
        question.link_id: plain(answers[question.link_id])
        for question in form.questions
        if question.link_id in answers
    }


def plain(value: AnswerValue) -> Any:
    """As JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value


def from_json(form: Form, data: Mapping[str, Any]) -> dict[str, AnswerValue]:
    """Of what `to_json` gave, or of a TOML example. Leaves out what this form does not ask, or cannot read."""
    answers: dict[str, AnswerValue] = {}
    for question in form.questions:
        value = read_value(question, data.get(question.link_id))
        if value is not None and question.is_answered:
            answers[question.link_id] = value
    return answers


def read_value(question: Question, value: Any) -> AnswerValue | None:
    """A plain value as an answer to this question; None when it cannot be one."""
    if isinstance(value, bool) or question.kind == "boolean":
        return value if isinstance(value, bool) and question.kind == "boolean" else None
    if question.is_number:
        return _number_of(question, value)
    if question.repeats:
        texts = [value] if isinstance(value, str) else value
        return tuple(texts_of(texts)) or None
    if question.kind == "date":
        return value if isinstance(value, date) else date_of(value) if isinstance(value, str) else None
    if question.kind == "time":
        return value if isinstance(value, time) else time_of(value) if isinstance(value, str) else None
    return str(value) if isinstance(value, str | int) else None


def _number_of(question: Question, value: Any) -> Decimal | int | None:
    number = _finite(value)
    if number is not None and question.kind == "integer":
        return int(number) if number == int(number) else None
    return number


def _finite(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(number, MOST_DECIMALS) if number.is_finite() and abs(number) <= LARGEST_NUMBER else None


def numbers(values: Mapping[str, Any]) -> dict[str, Decimal]:
    """Those of a plain mapping that are numbers: personal thresholds as the database keeps them."""
    return {name: number for name, value in values.items() if (number := _finite(value)) is not None}


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)][:200] if isinstance(value, Sequence) else []


def date_of(text: str) -> date | None:
    try:
        if french := _FRENCH_DATE.fullmatch(text):
            return date(int(french.group(3)), int(french.group(2)), int(french.group(1)))
        return date.fromisoformat(text)
    except ValueError:
        return None


def time_of(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    return time(int(found.group(1)), int(found.group(2) or 0)) if found else None
