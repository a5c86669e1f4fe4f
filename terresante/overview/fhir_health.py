"""The health of a person as resources of FHIR R4: a line of the record is one, with who said it and how sure it is."""

from typing import Any

from terresante.health_record.enums import MEASURED, MeasureCode
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    Observation,
)
from terresante.overview.fhir import Resource, moment, said, subject

_TERMS = "http://terminology.hl7.org/CodeSystem"
_UCUM = "http://unitsofmeasure.org"
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
_STATUS_OF_OBSERVATION = {"confirmed": "final", "unconfirmed": "preliminary"}


def health(line: HealthLine) -> Resource:
    """Raises TypeError for a kind that is not known here."""
    common = {"id": str(line.pk), **_made(line)}
    match line:
        case AllergyIntolerance():
            return said(**common, **_allergy(line))
        case Condition():
            return said(**common, **_condition(line))
        case Immunization():
            return said(**common, **_immunization(line))
        case CareDirective():
            return said(**common, **_directive(line))
        case Observation():
            return said(**common, **_observation(line))
    raise TypeError(f"no resource is made of a {type(line).__name__}")


def _made(line: HealthLine) -> Resource:
    """What is added to its own words: who said it, who wrote this version."""
    words = f"Dit par {line.asserted_by_name}" + (
        f", {line.asserted_by_role}" if line.asserted_by_role else ""
    )
    state = line.get_verification_status_display()
    note = {"text": f"{words}. {state}." + (f" {line.reason}" if line.reason else "")}
    return {} if isinstance(line, CareDirective) else {"note": [note]}


def _allergy(line: AllergyIntolerance) -> Resource:
    reaction = [{"manifestation": [{"text": line.reaction}]}] if line.reaction else []
    return {
        "resourceType": "AllergyIntolerance",
        # R4: an allergy written by mistake has no clinical status (ait-2).
        "clinicalStatus": {}
        if _is_error(line)
        else _code("allergyintolerance-clinical", line.clinical_status),
        "verificationStatus": _code("allergyintolerance-verification", line.verification_status),
        "category": [line.category],
        "criticality": line.criticality,
        "code": {"text": line.substance},
        "patient": subject(line.patient_id),
        "recordedDate": moment(line.recorded_at),
        "reaction": reaction,
    }


def _condition(line: Condition) -> Resource:
    return {
        "resourceType": "Condition",
        # R4: nor has a condition (con-5).
        "clinicalStatus": {} if _is_error(line) else _code("condition-clinical", line.clinical_status),
        "verificationStatus": _code("condition-ver-status", line.verification_status),
        "category": [_code("condition-category", "problem-list-item")],
        "code": {"text": ", ".join(part for part in (line.name, line.note) if part)},
        "subject": subject(line.patient_id),
        "onsetDateTime": str(line.onset_year) if line.onset_year else "",
        "recordedDate": moment(line.recorded_at),
    }


def _immunization(line: Immunization) -> Resource:
    return {
        "resourceType": "Immunization",
        "status": "entered-in-error" if line.is_dismissed else "completed",
        "vaccineCode": {"text": ", ".join(part for part in (line.vaccine, line.dose) if part)},
        "patient": subject(line.patient_id),
        "occurrenceDateTime": line.occurred_on.isoformat(),
        "recorded": moment(line.recorded_at),
        "lotNumber": line.lot_number,
    }


def _directive(line: CareDirective) -> Resource:
    words = " · ".join(part for part in (line.label, line.detail) if part)
    status = "inactive" if line.is_over else "active"
    return {
        "resourceType": "Consent",
        "status": "entered-in-error" if line.is_dismissed else status,
        "scope": _code("consentscope", "adr"),
        "category": [{**_code("consentcategorycodes", "acd"), "text": line.get_kind_display()}],
        "patient": subject(line.patient_id),
        "dateTime": line.decided_on.isoformat(),
        "policyRule": {"text": words},
    }


def _observation(line: Observation) -> Resource:
    code = MeasureCode(line.code)
    measured: Resource = {"valueQuantity": _quantity(line.value, code)}
    if line.low_value is not None:
        pair = ((_SYSTOLIC, line.value), (_DIASTOLIC, line.low_value))
        parts = [{"code": _loinc(part), "valueQuantity": _quantity(value, code)} for part, value in pair]
        measured = {"component": parts}
    status = _STATUS_OF_OBSERVATION.get(line.verification_status, "entered-in-error")
    return {
        "resourceType": "Observation",
        "status": status,
        "category": [_code("observation-category", "vital-signs")],
        "code": _loinc(code.value, code.label),
        "subject": subject(line.patient_id),
        "effectiveDateTime": moment(line.effective_at),
        "issued": moment(line.recorded_at),
        **measured,
    }


def _is_error(line: HealthLine) -> bool:
    return line.verification_status == "entered-in-error"


def _code(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_TERMS}/{system}", "code": code}]}


def _loinc(code: str, display: str = "") -> Resource:
    return {"coding": [said(system="http://loinc.org", code=code, display=display)]}


def _quantity(value: Any, code: MeasureCode) -> Resource:
    unit = MEASURED[code]
    return {"value": float(value), "unit": unit.shown, "system": _UCUM, "code": unit.unit}
