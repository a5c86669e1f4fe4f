"""What a document offers to a record: as it is kept, as it is read again, and when two say the same; pure."""

import hashlib
import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from terresante.care_plans.models import PlannedStep
from terresante.health_record.enums import (
    AllergyCategory,
    ClinicalStatus,
    Criticality,
    OfferedKind,
    Precision,
    TreatmentStatus,
)
from terresante.health_record.models import (
    AllergyIntolerance,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
)
from terresante.health_record.said import (
    Said,
    SaidAllergy,
    SaidCondition,
    SaidImmunization,
    SaidStep,
    SaidTreatment,
)
from terresante.kernel.errors import NotFound
from terresante.kernel.ui import wording

# Offered by one document; beyond, it is read for itself.
MOST_OFFERED = 120
_SHORTEST_NAME = 4
_NOT_A_WORD = re.compile(r"[\W_]+")
# Words that come before what is spoken of: « vaccin contre la grippe », « allergie à la pénicilline ».
_BEFORE = {
    "vaccin",
    "vaccination",
    "anti",
    "contre",
    "la",
    "le",
    "les",
    "l",
    "allergie",
    "a",
    "au",
    "aux",
    "de",
}


@dataclass(frozen=True, slots=True)
class Offered:
    kind: OfferedKind
    said: Said | SaidStep


def told(said: Said | SaidStep) -> dict[str, Any]:
    """As JSON keeps it. Raises Invalid for what could be no line."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.checked().items()
        if value not in ("", None)
    }


def said_again(kind: OfferedKind, kept: dict[str, Any]) -> Said:
    """Of a line; `step_again` reads a step."""
    match kind:
        case OfferedKind.STEP:
            raise NotFound
        case OfferedKind.ALLERGY:
            return SaidAllergy(
                substance=kept["substance"],
                category=AllergyCategory(kept.get("category", "")),
                criticality=Criticality(kept["criticality"]),
                clinical_status=ClinicalStatus(kept["clinical_status"]),
                reaction=kept.get("reaction", ""),
            )
        case OfferedKind.TREATMENT:
            texts = {name: kept.get(name, "") for name in _TEXTS}
            return SaidTreatment(
                drug=kept["drug"],
                since=_day(kept.get("since")),
                until=_day(kept.get("until")),
                status=TreatmentStatus(kept["status"]),
                **texts,
            )
        case OfferedKind.CONDITION:
            return SaidCondition(
                name=kept["name"],
                clinical_status=ClinicalStatus(kept["clinical_status"]),
                onset_year=kept.get("onset_year"),
                note=kept.get("note", ""),
            )
        case OfferedKind.IMMUNIZATION:
            return SaidImmunization(
                vaccine=kept["vaccine"],
                occurred_on=date.fromisoformat(kept["occurred_on"]),
                lot_number=kept.get("lot_number", ""),
                dose=kept.get("dose", ""),
                precision=Precision(kept["precision"]),
            )


def step_again(kept: dict[str, Any]) -> SaidStep:
    return SaidStep(
        title=kept["title"],
        note=kept.get("note", ""),
        due_on=_day(kept.get("due_on")),
        role=kept.get("role", ""),
    )


_TEXTS = ("dosage", "indication", "prescriber", "code", "code_system")


def sameness(said: Said | SaidStep) -> str:
    """Two documents that say the same thing have it in common: the day of a vaccination, the dosage of a treatment, the
    day for which something is planned."""
    fact = (_plain(said.title), str(said.due_on or "")) if isinstance(said, SaidStep) else _fact(said)
    return hashlib.sha256("\x1f".join((type(said).__name__, *fact)).encode()).hexdigest()


def line_of(said: Said) -> HealthLine:
    """Written nowhere: for the words of a page."""
    values: Any = said
    return said.model(**asdict(values))


def is_same(said: Said, line: HealthLine) -> bool:
    """The record says it already."""
    return type(line) is said.model and _fact(said) == _fact_of_line(line)


def is_close(said: Said, line: HealthLine) -> bool:
    """Of the same drug, substance, problem or vaccine, as its first word tells."""
    word = _first_word(_name(said))
    return type(line) is said.model and bool(word) and word == _first_word(line.label)


def is_same_step(said: SaidStep, step: PlannedStep) -> bool:
    """Planned already for that day; of what has no day, still to do."""
    is_then = step.is_planned if said.due_on is None else step.due_on == said.due_on
    return is_then and is_close_step(said, step)


def is_close_step(said: SaidStep, step: PlannedStep) -> bool:
    return _plain(said.title) == _plain(step.title)


def _plain(text: str) -> str:
    """Letters and digits alone."""
    return " ".join(_NOT_A_WORD.sub(" ", wording.plain(text)).split())


def _first_word(name: str) -> str:
    words = [word for word in _plain(name).split() if word not in _BEFORE]
    return words[0] if words and len(words[0]) >= _SHORTEST_NAME else _plain(name)


def _name(said: Said) -> str:
    return line_of(said).label


def _fact(said: Said) -> tuple[str, ...]:
    return _fact_of_line(line_of(said))


def _fact_of_line(line: HealthLine) -> tuple[str, ...]:
    match line:
        case AllergyIntolerance():
            return (_plain(line.substance), line.clinical_status)
        case Condition():
            return (_plain(line.name), line.clinical_status)
        case Immunization():
            return (_plain(line.vaccine), str(line.occurred_on))
        case MedicationStatement():
            return (_plain(line.drug), _plain(line.dosage), line.status)
        case _:
            return (line.label,)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
