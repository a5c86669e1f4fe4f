"""What somebody says of a health, checked before it becomes a line; pure."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.utils import timezone

from terresante.health_record.enums import (
    DETAIL_MAX_LENGTH,
    DIASTOLIC,
    LABEL_MAX_LENGTH,
    MEASURED,
    AllergyCategory,
    ClinicalStatus,
    Criticality,
    DecidedBy,
    DirectiveKind,
    DirectiveState,
    MeasureCode,
    Measured,
    Precision,
    TreatmentStatus,
)
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
    Observation,
)
from terresante.kernel.errors import Invalid
from terresante.kernel.ui import wording

_OLDEST = date(1900, 1, 1)
# The clock of a device may be a little fast.
_FAST_CLOCK = timedelta(minutes=5)


class Said:
    """Its attributes are columns of `model`. `checked` raises Invalid, a sentence for each field that is wrong."""

    model: ClassVar[type[HealthLine]]

    def checked(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAllergy(Said):
    model = AllergyIntolerance

    substance: str
    category: AllergyCategory
    criticality: Criticality = Criticality.UNABLE_TO_ASSESS
    clinical_status: ClinicalStatus = ClinicalStatus.ACTIVE
    reaction: str = ""
    is_none_known: bool = False

    def checked(self) -> dict[str, Any]:
        return _checked(self, label="substance", sentence="Écrivez à quoi la personne est allergique.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidStep:
    """Something to be done, as a document plans it: who takes it up says for when, and by which role."""

    title: str
    note: str = ""
    due_on: date | None = None
    role: str = ""

    @property
    def detail(self) -> str:
        due = f"pour le {wording.long_date(self.due_on)}" if self.due_on else ""
        return " · ".join(part for part in (self.note, due) if part)

    def checked(self) -> dict[str, Any]:
        """Raises Invalid."""
        title, note = wording.one_line(self.title), wording.one_line(self.note)
        if not title or len(title) > LABEL_MAX_LENGTH or len(note) > DETAIL_MAX_LENGTH:
            sentence = "Ce que le document prévoit ne se lit pas comme une étape."
            raise Invalid(sentence, fields={"title": sentence})
        return {**asdict(self), "title": title, "note": note}


NO_KNOWN_ALLERGY = SaidAllergy(
    substance="Aucune allergie connue", category=AllergyCategory.UNKNOWN, is_none_known=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidCondition(Said):
    model = Condition

    name: str
    clinical_status: ClinicalStatus = ClinicalStatus.ACTIVE
    onset_year: int | None = None
    note: str = ""

    def checked(self) -> dict[str, Any]:
        wrong = {}
        if self.onset_year is not None and not _OLDEST.year <= self.onset_year <= timezone.localdate().year:
            wrong["onset_year"] = "Indiquez une année passée, sur quatre chiffres."
        return _checked(self, label="name", sentence="Écrivez le problème de santé.", wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidImmunization(Said):
    model = Immunization

    vaccine: str
    occurred_on: date
    lot_number: str = ""
    dose: str = ""
    precision: Precision = Precision.DAY

    def checked(self) -> dict[str, Any]:
        wrong = _wrong_day("occurred_on", self.occurred_on)
        return _checked(self, label="vaccine", sentence="Écrivez le nom du vaccin.", wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidTreatment(Said):
    model = MedicationStatement

    drug: str
    dosage: str = ""
    indication: str = ""
    prescriber: str = ""
    since: date | None = None
    until: date | None = None
    status: TreatmentStatus = TreatmentStatus.ACTIVE
    code: str = ""
    code_system: str = ""

    def checked(self) -> dict[str, Any]:
        wrong = {} if self.since is None else _wrong_day("since", self.since)
        if self.since is not None and self.until is not None and self.until < self.since:
            wrong["until"] = "La fin vient après le début : vérifiez les deux dates."
        return _checked(self, label="drug", sentence="Écrivez le nom du médicament.", wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidDirective(Said):
    model = CareDirective

    kind: DirectiveKind
    decided_by: DecidedBy
    decided_on: date
    state: DirectiveState = DirectiveState.ACTIVE
    decider_name: str = ""
    kept_at: str = ""
    text: str = ""

    def checked(self) -> dict[str, Any]:
        wrong = _wrong_day("decided_on", self.decided_on)
        if self.kind == DirectiveKind.OTHER_LIMIT and not self.text.strip():
            wrong["text"] = "Écrivez de quelle limite il s’agit."
        if self.decided_by == DecidedBy.COLLEGIAL and not self.decider_name.strip():
            wrong["decider_name"] = "Indiquez le médecin qui a conduit la procédure collégiale."
        return _checked(self, wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidMeasure(Said):
    model = Observation

    code: MeasureCode
    value: Decimal
    effective_at: datetime
    low_value: Decimal | None = None
    context: str = ""

    def checked(self) -> dict[str, Any]:
        wrong = self._wrong_values()
        if self.effective_at > timezone.now() + _FAST_CLOCK or self.effective_at.date() < _OLDEST:
            wrong["effective_at"] = "Indiquez quand la mesure a été faite : ce moment est dans le futur."
        low = self.low_value if self.code == MeasureCode.BLOOD_PRESSURE else None
        return {**_checked(self, wrong=wrong), "low_value": low}

    def _wrong_values(self) -> dict[str, str]:
        wrong = _wrong_value("value", self.value, MEASURED[self.code])
        if self.code != MeasureCode.BLOOD_PRESSURE:
            return wrong
        if self.low_value is None:
            return {**wrong, "low_value": "Indiquez aussi le deuxième chiffre de la tension."}
        wrong |= _wrong_value("low_value", self.low_value, DIASTOLIC)
        if not wrong and self.low_value >= self.value:
            wrong["low_value"] = "Le deuxième chiffre de la tension est plus petit que le premier."
        return wrong


def _wrong_value(name: str, value: Decimal, bounds: Measured) -> dict[str, str]:
    if bounds.low <= value <= bounds.high:
        return {}
    between = f"entre {_french(bounds.low)} et {_french(bounds.high)} {bounds.shown}"
    return {name: f"Cette valeur est impossible : elle se situe {between}. Vérifiez, ou mesurez de nouveau."}


def _wrong_day(name: str, day: date) -> dict[str, str]:
    if _OLDEST <= day <= timezone.localdate():
        return {}
    return {name: "Indiquez une date passée."}


def _checked(
    said: Any, *, label: str = "", sentence: str = "", wrong: dict[str, str] | None = None
) -> dict[str, Any]:
    values, found = asdict(said), dict(wrong or {})
    for name, value in values.items():
        if type(value) is str:
            values[name] = wording.one_line(value)
            longest = said.model._meta.get_field(name).max_length or DETAIL_MAX_LENGTH
            if len(values[name]) > longest:
                found[name] = f"Raccourcissez à {longest} caractères."
    if label and not values[label]:
        found[label] = sentence
    if found:
        raise Invalid(next(iter(found.values())), fields=found)
    return values


def _french(number: Decimal) -> str:
    return f"{number}".replace(".", ",")
