"""Answers to a form: what is read, what is refused and why. Nobody's input makes these functions raise."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal

from terresante.questionnaires.pathway import wording
from terresante.questionnaires.pathway.enabling import shown
from terresante.questionnaires.pathway.keeping import date_of, texts_of, time_of
from terresante.questionnaires.pathway.model import Answers, AnswerValue, Form, Problem, Question

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,12})?")
_YES = {"true", "oui", "on", "1", "yes"}
_NO = {"false", "non", "off", "0", "no"}
LONGEST = {"string": 255, "open-choice": 255, "text": 5000}
# Controls, halves of a character, and what turns the direction of a line round.
_UNSEEN = frozenset(("Cc", "Cs", "Cf"))
ANSWER_IT = "Répondez à cette question."


def parse(
    form: Form, raw: Mapping[str, Sequence[str]], *, partial: bool = False
) -> tuple[dict[str, AnswerValue], list[Problem]]:
    """Of a posted form, or of texts of a telephone. `partial`: what is required may still be missing.

    Answers to questions that are not shown are left out, what has a problem and unknown names too.
    """
    answers: dict[str, AnswerValue] = {}
    wrong: list[Problem] = []
    for question in form.questions:
        texts = [text for one in texts_of(raw.get(question.link_id)) if (text := _clean(one, question))]
        if not texts or not question.is_answered:
            continue
        value = _value(question, texts)
        if isinstance(value, Problem):
            wrong.append(value)
        else:
            answers[question.link_id] = value
    visible = {question.link_id for question in shown(form, answers)}
    answers = {link_id: value for link_id, value in answers.items() if link_id in visible}
    refused = {problem.link_id for problem in wrong}
    found = [
        problem for problem in problems(form, answers, partial=partial) if problem.link_id not in refused
    ]
    order = [question.link_id for question in form.questions]
    kept = [problem for problem in (*wrong, *found) if problem.link_id in visible]
    answers = {
        link_id: value for link_id, value in answers.items() if not any(p.link_id == link_id for p in kept)
    }
    return answers, sorted(kept, key=lambda problem: order.index(problem.link_id))


def problems(form: Form, answers: Answers, *, partial: bool = False) -> list[Problem]:
    """What is missing, impossible or of another type, in the order of the form."""
    found = [
        problem
        for question in shown(form, answers)
        if question.is_answered and (problem := _problem(question, answers.get(question.link_id), partial))
    ]
    known = {question.link_id for question in form.questions if question.is_answered}
    found += [
        Problem(link_id, "Ce questionnaire n’a pas cette question.")
        for link_id in answers
        if link_id not in known
    ]
    return found


def _problem(question: Question, value: AnswerValue | None, partial: bool) -> Problem | None:
    if value is None:
        return Problem(question.link_id, ANSWER_IT) if question.required and not partial else None
    if not _is_of_kind(question, value):
        return Problem(question.link_id, "Cette réponse n’est pas de la forme attendue : répondez à nouveau.")
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return _out_of_bounds(question, Decimal(value))
    codes = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    if question.kind == "choice" and any(question.option(code) is None for code in codes):
        return Problem(question.link_id, "Choisissez l’une des réponses proposées.")
    longest = _longest(question)
    if any(len(text) > longest for text in codes):
        return Problem(question.link_id, f"Cette réponse est trop longue : {longest} caractères au plus.")
    return None


def _is_of_kind(question: Question, value: AnswerValue) -> bool:
    match question.kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value)
        case "decimal" | "quantity":
            return (
                isinstance(value, int | Decimal)
                and not isinstance(value, bool)
                and Decimal(value).is_finite()
            )
        case "date":
            return isinstance(value, date)
        case "time":
            return isinstance(value, time)
    return isinstance(value, tuple) if question.repeats else isinstance(value, str)


def _out_of_bounds(question: Question, value: Decimal) -> Problem | None:
    low, high = question.lowest, question.highest
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    proposal, asked = meant(question, value)
    if proposal is not None:
        said = wording.with_unit(proposal, question.unit)
        return Problem(
            question.link_id,
            f"{wording.number(value)} {asked} Si oui, cela fait {said}. Sinon, mesurez à nouveau.",
            wording.number(proposal),
        )
    return Problem(
        question.link_id,
        f"{wording.with_unit(value, question.unit)} n’est pas possible : écrivez une valeur {between(question)}, "
        "ou mesurez à nouveau.",
    )


def between(question: Question) -> str:
    """« entre 30 et 45 °C »; "" of what has no bounds."""
    low, high = question.lowest, question.highest
    if low is not None and high is not None:
        return f"entre {wording.number(low)} et {wording.with_unit(high, question.unit)}"
    if low is not None:
        return f"d’au moins {wording.with_unit(low, question.unit)}"
    return f"d’au plus {wording.with_unit(high, question.unit)}" if high is not None else ""


def meant(question: Question, value: Decimal) -> tuple[Decimal | None, str]:
    """The same measure in the unit that was asked, when it was perhaps given in another."""
    unit = question.unit.strip().lower()
    candidates: list[tuple[Decimal, str]] = []
    if unit in ("°c", "cel", "c") and 90 <= value <= 115:
        candidates.append((round((value - 32) * 5 / 9, 1), "en °F ?"))
    if unit == "cm" and 0 < value < 3:
        candidates.append((value * 100, "en mètres ?"))
    if unit in ("m", "mètre", "mètres") and 50 <= value <= 250:
        candidates.append((value / 100, "en centimètres ?"))
    if unit == "g/l" and value >= 20:
        candidates.append((round(value / 100, 2), "en mg/dL ?"))
    if unit == "%" and 0 < value <= 1:
        candidates.append((value * 100, "sur 1 ?"))
    if unit == "mg/dl" and 0 < value < 10:
        candidates.append((value * 100, "en g/L ?"))
    if unit == "mmhg" and 3 <= value <= 30:
        candidates.append((value * 10, "en cm de mercure ?"))
    if unit in ("°f", "f") and 30 <= value <= 45:
        candidates.append((round(value * 9 / 5 + 32, 1), "en °C ?"))
    if unit == "kg" and value >= 1000:
        candidates.append((value / 1000, "en grammes ?"))
    for converted, meant in candidates:
        if question.kind == "integer":
            converted = converted.to_integral_value()
        if _out_of_bounds_silently(question, converted):
            continue
        return converted, meant
    return None, ""


def _out_of_bounds_silently(question: Question, value: Decimal) -> bool:
    low, high = question.lowest, question.highest
    return (low is not None and value < low) or (high is not None and value > high)


def _longest(question: Question) -> int:
    return min(question.max_length or 10_000, LONGEST.get(question.kind, 255))


def _clean(text: str, question: Question) -> str:
    kept = "\n" if question.kind == "text" else ""
    return "".join(
        letter for letter in text if letter in kept or unicodedata.category(letter) not in _UNSEEN
    ).strip()


def _value(question: Question, texts: list[str]) -> AnswerValue | Problem:
    if question.repeats:
        return tuple(dict.fromkeys(texts))
    if len(texts) > 1:
        return Problem(question.link_id, "Donnez une seule réponse.")
    text = texts[0]
    reader = {
        "boolean": _boolean,
        "integer": _integer,
        "decimal": _decimal,
        "quantity": _decimal,
        "date": date_of,
        "time": time_of,
    }.get(question.kind)
    if reader is None:
        return text
    value = reader(text)
    if value is not None:
        return value
    if question.kind == "integer" and (number := _decimal(text)) is not None and meant(question, number)[1]:
        return _out_of_bounds(question, number) or Problem(question.link_id, _HOW["integer"])
    return Problem(question.link_id, _HOW[question.kind])


_HOW = {
    "boolean": "Répondez par oui ou par non.",
    "integer": "Écrivez un nombre entier, en chiffres.",
    "decimal": "Écrivez un nombre en chiffres, par exemple 36,7.",
    "quantity": "Écrivez un nombre en chiffres, par exemple 36,7.",
    "date": "Écrivez une date : jour, mois, année, par exemple 03/12/2026.",
    "time": "Écrivez une heure, par exemple 08:30.",
}


def _boolean(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _YES else False if folded in _NO else None


def _decimal(text: str) -> Decimal | None:
    compact = re.sub(r"\s", "", text)
    return Decimal(compact.replace(",", ".")) if compact.isascii() and _NUMBER.fullmatch(compact) else None


def _integer(text: str) -> int | None:
    value = _decimal(text)
    return int(value) if value is not None and value == int(value) else None
