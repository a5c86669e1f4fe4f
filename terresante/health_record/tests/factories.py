from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from terresante.health_record.actions import add_line, declare_line
from terresante.health_record.enums import (
    AllergyCategory,
    Criticality,
    DecidedBy,
    DirectiveKind,
    MeasureCode,
)
from terresante.health_record.models import HealthLine
from terresante.health_record.said import (
    Said,
    SaidAllergy,
    SaidCondition,
    SaidDirective,
    SaidImmunization,
    SaidMeasure,
    SaidTreatment,
)
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord


def allergy(substance: str = "Pénicilline", **said: Any) -> SaidAllergy:
    said.setdefault("criticality", Criticality.HIGH)
    return SaidAllergy(substance=substance, category=AllergyCategory.MEDICATION, **said)


def directive(kind: DirectiveKind = DirectiveKind.NO_RESUSCITATION, **said: Any) -> SaidDirective:
    said.setdefault("decided_by", DecidedBy.PERSON)
    return SaidDirective(kind=kind, decided_on=date(2026, 3, 2), **said)


def weight(value: str = "62.5", at: datetime | None = None, **said: Any) -> SaidMeasure:
    return SaidMeasure(
        code=MeasureCode.WEIGHT, value=Decimal(value), effective_at=at or timezone.now(), **said
    )


def treatment(drug: str = "Furosémide 40 mg", **said: Any) -> SaidTreatment:
    said.setdefault("dosage", "1 le matin")
    return SaidTreatment(drug=drug, **said)


def each_kind() -> list[Said]:
    return [
        allergy(),
        directive(),
        SaidCondition(name="Insuffisance cardiaque", onset_year=2019),
        treatment(),
        SaidImmunization(vaccine="Grippe", occurred_on=date(2025, 10, 14)),
        weight(),
    ]


def added(author: Actor, record: CareRecord, said: Said | None = None, **choices: Any) -> HealthLine:
    return add_line(author, record.pk, said=said or allergy(), **choices)


def declared(patient: Actor, record: CareRecord, said: Said | None = None) -> HealthLine:
    return declare_line(patient, record.pk, said=said or allergy())


def row_of(model: type[HealthLine], label: str) -> dict[str, Any]:
    """The columns of one kind of line, for who writes a row without an action."""
    columns: dict[str, dict[str, Any]] = {
        "AllergyIntolerance": {
            "substance": label,
            "category": "food",
            "criticality": "low",
            "clinical_status": "active",
        },
        "CareDirective": {
            "kind": "other_limit",
            "state": "active",
            "decided_by": "person",
            "decided_on": date(2026, 3, 2),
            "text": label,
        },
        "Condition": {"name": label, "clinical_status": "active"},
        "MedicationStatement": {"drug": label, "status": "active"},
        "Immunization": {"vaccine": label, "occurred_on": date(2025, 10, 14)},
        "Observation": {
            "code": MeasureCode.WEIGHT,
            "value": Decimal(60),
            "effective_at": timezone.now(),
            "context": label,
        },
    }
    return {
        "origin": "professional",
        "verification_status": "confirmed",
        "asserted_by_name": "Camille",
        "asserted_at": timezone.now(),
        "author_name": "Camille",
        "author_role": "Médecin",
        "organization_name": "Structure",
        **columns[model.__name__],
    }
