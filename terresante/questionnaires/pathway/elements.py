"""What elements of a FHIR R4 Questionnaire say, whoever wrote them: what is of another type is left out."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.model import AnswerValue
from terresante.questionnaires.pathway.tables import LARGEST_NUMBER

SDC = "http://hl7.org/fhir/StructureDefinition/"
UNIT = f"{SDC}questionnaire-unit"
CONTROL = f"{SDC}questionnaire-itemControl"
ORDINAL = f"{SDC}ordinalValue"
LOWEST = f"{SDC}minValue"
HIGHEST = f"{SDC}maxValue"
# Units of UCUM that nobody writes as UCUM does, when a file gives the code alone.
_UCUM = {
    "Cel": "°C",
    "[degF]": "°F",
    "mm[Hg]": "mmHg",
    "a": "ans",
    "mo": "mois",
    "wk": "semaines",
    "d": "jours",
}


def answer_of(condition: Mapping[str, Any]) -> AnswerValue | None:
    """The answer[x] of an enableWhen."""
    for key, value in condition.items():
        if not key.startswith("answer"):
            continue
        if key == "answerCoding" and isinstance(value, dict) and isinstance(value.get("code"), str):
            return str(value["code"])
        if key == "answerQuantity" and isinstance(value, dict):
            return decimal_of(value.get("value"))
        if key == "answerBoolean":
            return value if isinstance(value, bool) else None
        if key in ("answerInteger", "answerDecimal"):
            return decimal_of(value)
        if isinstance(value, str):
            return _text_answer(key, value)
    return None


def _text_answer(key: str, value: str) -> AnswerValue | None:
    try:
        if key == "answerDate":
            return date.fromisoformat(value)
        if key == "answerTime":
            return time.fromisoformat(value)
    except ValueError:
        return None
    return value if key == "answerString" else None


def control_of(item: Mapping[str, Any]) -> str:
    concept = (extension_of(item, CONTROL) or {}).get("valueCodeableConcept")
    codings = dicts(concept.get("coding")) if isinstance(concept, dict) else []
    return next((str(coding["code"]) for coding in codings if coding.get("code")), "")


def is_help(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "display" and control_of(item) == "help"


def name_of(item: Mapping[str, Any]) -> str:
    """In the words of its code (`item.code`), as a curve is called."""
    return next((str(coding["display"]) for coding in dicts(item.get("code")) if coding.get("display")), "")


def unit_of(item: Mapping[str, Any]) -> str:
    coding = (extension_of(item, UNIT) or {}).get("valueCoding")
    if not isinstance(coding, dict):
        return ""
    code = str(coding.get("code") or "")
    return str(coding.get("display") or _UCUM.get(code, code.strip("{}")))


def extension_of(element: Mapping[str, Any], url: str) -> Mapping[str, Any] | None:
    return next((entry for entry in dicts(element.get("extension")) if entry.get("url") == url), None)


def dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def decimal_of(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)) if abs(value) <= LARGEST_NUMBER else None
