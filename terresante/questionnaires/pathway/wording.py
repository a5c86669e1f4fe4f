"""Values and thresholds of a pathway in French."""

from datetime import date, time
from decimal import Decimal

from terresante.questionnaires.pathway import cells
from terresante.questionnaires.pathway.model import AnswerValue, Form, Question

NARROW = "\u202f"
OFF_TABLE = "hors table"
NOT_COMPUTED = "calcul impossible"
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "="}
_MOVES = {"rise": "hausse", "drop": "baisse"}


def number(value: Decimal | int) -> str:
    """« 38,5 », « 12 »; never an exponent, at most four decimals."""
    rounded = round(Decimal(value), 4)
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text).replace(".", ",").replace("-", "−")


def with_unit(value: Decimal | int, unit: str) -> str:
    return f"{number(value)}{NARROW}{unit}" if unit else number(value)


def in_unit(unit: str) -> str:
    """What follows the name of a measure: « en kg », « sur 10 », « par min »."""
    if unit.startswith("/"):
        return f"par {unit[1:]}"
    return unit if unit.startswith("sur ") or not unit else f"en {unit}"


def answer(question: Question, value: AnswerValue) -> str:
    """As a professional reads it: « 93 % », « À l’effort », « Oui »."""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, tuple):
        return ", ".join(_label(question, code) for code in value)
    if isinstance(value, Decimal | int):
        return with_unit(value, question.unit)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return _label(question, value) if question.is_choice else value


def _label(question: Question, code: str) -> str:
    option = question.option(code)
    return option.label if option else code


def threshold(
    alternative: cells.Alternative,
    question: Question | None,
    form: Form,
    personal: dict[str, Decimal] | None = None,
) -> str:
    """The alternative of a cell that fitted: « ≤ 94 », « hausse ≥ 2 kg en 3 jours »."""
    unit = question.unit if question else ""
    match alternative:
        case cells.Between(lowest, highest):
            return f"de {number(lowest)} à {with_unit(highest, unit)}"
        case cells.Compare(operator, cells.Personal(name)):
            value = (personal or {}).get(name)
            shown = "" if value is None else f" ({with_unit(value, unit)})"
            return f"{_SIGNS[operator]} seuil personnel{shown}"
        case cells.Compare(operator, Decimal() as value):
            return f"{_SIGNS[operator]} {with_unit(value, unit)}"
        case cells.Code(code):
            return _code(code, question)
        case cells.Answered():
            return "répondu"
        case cells.Moved(direction, operator, amount, days):
            when = "depuis la valeur de référence" if days is None else _in_days(days)
            return f"{_MOVES[direction]} {_SIGNS[operator]} {with_unit(amount, unit)} {when}"
        case cells.Difference(other, operator, amount):
            against = form.question(other)
            name = against.text.rstrip(" \u00a0\u202f?:") if against else other
            return f"écart avec « {name} » {_SIGNS[operator]} {with_unit(amount, unit)}"
        case cells.Counted(of, operator, times, days):
            return f"{_SIGNS[operator]} {number(times)} fois « {threshold(of, question, form)} » {_in_days(days)}"
        case cells.Summed(operator, amount, days):
            return f"total {_SIGNS[operator]} {with_unit(amount, unit)} {_in_days(days)}"
    return ""


def _code(code: str, question: Question | None) -> str:
    if code in ("true", "false") and (question is None or not question.options):
        return "Oui" if code == "true" else "Non"
    return _label(question, code) if question else code


def _in_days(days: int) -> str:
    return "en 24 h" if days == 1 else f"en {days} jours"
