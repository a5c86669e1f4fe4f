"""A line of the health record as its resource of FHIR R4: the version in force, with who first said it."""

from typing import Any

from terresante.health_record.enums import MEASURED, MeasureCode, Precision, Verification
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
    Observation,
)
from terresante.overview.fhir import Resource, filled, instant, security_label, subject_of, urn

_TERMS = "http://terminology.hl7.org/CodeSystem"
# Of an ISO date: what is not known is not said.
_AS_FAR_AS = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}
# HL7, International Patient Summary: what is known to be absent.
_NONE_KNOWN = {
    "system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
    "code": "no-known-allergies",
}
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_SYSTOLIC, _DIASTOLIC = ("8480-6", "Pression systolique"), ("8462-4", "Pression diastolique")


def health_line(line: HealthLine) -> Resource:
    match line:
        case AllergyIntolerance():
            return _allergy(line)
        case Condition():
            return _condition(line)
        case MedicationStatement():
            return _treatment(line)
        case Immunization():
            return _immunization(line)
        case CareDirective():
            return _directive(line)
        case Observation():
            return _observation(line)
        case _:
            raise TypeError(f"{type(line).__name__} has no resource")


def _allergy(line: AllergyIntolerance) -> Resource:
    reaction = {"manifestation": [{"text": line.reaction}]} if line.reaction else {}
    return filled(
        **_begun(line, "AllergyIntolerance"),
        **_status(
            line, line.clinical_status, "allergyintolerance-clinical", "allergyintolerance-verification"
        ),
        category=[line.category] if line.category else [],
        criticality="" if line.is_none_known else line.criticality,
        code=filled(coding=[_NONE_KNOWN] if line.is_none_known else [], text=line.substance),
        patient=subject_of(line.patient_id),
        recordedDate=instant(line.recorded_at),
        recorder=_by(line),
        asserter=_asserter(line),
        reaction=[reaction] if reaction else [],
    )


def _condition(line: Condition) -> Resource:
    return filled(
        **_begun(line, "Condition"),
        **_status(line, line.clinical_status, "condition-clinical", "condition-ver-status"),
        code={"text": line.name},
        subject=subject_of(line.patient_id),
        onsetDateTime=str(line.onset_year) if line.onset_year else "",
        recordedDate=instant(line.recorded_at),
        recorder=_by(line),
        asserter=_asserter(line),
        note=[{"text": line.note}] if line.note else [],
    )


def _immunization(line: Immunization) -> Resource:
    return filled(
        **_begun(line, "Immunization"),
        status="entered-in-error" if line.is_dismissed else "completed",
        vaccineCode={"text": line.vaccine},
        patient=subject_of(line.patient_id),
        occurrenceDateTime=line.occurred_on.isoformat()[: _AS_FAR_AS[Precision(line.precision)]],
        recorded=instant(line.recorded_at),
        primarySource=not line.is_unconfirmed,
        lotNumber=line.lot_number,
        note=[{"text": line.dose}] if line.dose else [],
    )


def _treatment(line: MedicationStatement) -> Resource:
    coding = {"system": f"urn:oid:{line.code_system}", "code": line.code}
    period = {"start": line.since, "end": line.until}
    return filled(
        **_begun(line, "MedicationStatement"),
        status="entered-in-error" if line.is_dismissed else line.status,
        medicationCodeableConcept=filled(
            coding=[coding] if line.code and line.code_system else [], text=line.drug
        ),
        subject=subject_of(line.patient_id),
        effectivePeriod={name: day.isoformat() for name, day in period.items() if day},
        dateAsserted=instant(line.asserted_at),
        informationSource=_asserter(line),
        derivedFrom=[{"reference": urn(line.source_id)}] if line.source_id else [],
        reasonCode=[{"text": line.indication}] if line.indication else [],
        note=[{"text": f"Prescrit par {line.prescriber}"}] if line.prescriber else [],
        dosage=[{"text": line.dosage}] if line.dosage else [],
    )


def _directive(line: CareDirective) -> Resource:
    """An advance care directive is a Consent in R4; what it says has no code, so it is said in words."""
    state = "inactive" if line.is_over else "proposed" if line.is_unconfirmed else "active"
    return filled(
        **_begun(line, "Consent"),
        status="entered-in-error" if line.is_dismissed else state,
        scope=_code("consentscope", "adr", "Directives de soins"),
        category=[{**_code("consentcategorycodes", "acd"), "text": line.label}],
        patient=subject_of(line.patient_id),
        dateTime=line.decided_on.isoformat(),
        policyRule={"text": line.detail},
    )


def _observation(line: Observation) -> Resource:
    code = MeasureCode(line.code)
    state = "preliminary" if line.is_unconfirmed else "final"
    value: Resource = {"valueQuantity": _quantity(line.value, code)}
    if line.low_value is not None:
        pairs = ((_SYSTOLIC, line.value), (_DIASTOLIC, line.low_value))
        value = {
            "component": [
                {"code": _loinc(*named), "valueQuantity": _quantity(number, code)} for named, number in pairs
            ]
        }
    return filled(
        **_begun(line, "Observation"),
        status="entered-in-error" if line.is_dismissed else state,
        category=[_code("observation-category", "vital-signs")],
        code=_loinc(code.value, code.label),
        subject=subject_of(line.patient_id),
        effectiveDateTime=instant(line.effective_at),
        issued=instant(line.recorded_at),
        performer=[_asserter(line)],
        note=[{"text": line.context}] if line.context else [],
        **value,
    )


def _begun(line: HealthLine, kind: str) -> Resource:
    return {"resourceType": kind, "id": str(line.pk), "meta": {"security": _security(line)}}


def _security(line: HealthLine) -> list[Resource]:
    return [coding for label in security_label(line) for coding in label["coding"]]


def _status(line: HealthLine, clinical: str, clinical_codes: str, verification_codes: str) -> Resource:
    """No clinical status of what was written by mistake (ait-2, con-5)."""
    said: Resource = {"verificationStatus": _code(verification_codes, line.verification_status)}
    if line.verification_status != Verification.ENTERED_IN_ERROR:
        said["clinicalStatus"] = _code(clinical_codes, clinical)
    return said


def _code(system: str, code: str, text: str = "") -> Resource:
    return filled(coding=[{"system": f"{_TERMS}/{system}", "code": code}], text=text)


def _loinc(code: str, label: str) -> Resource:
    return {"coding": [{"system": _LOINC, "code": code, "display": label}]}


def _quantity(number: Any, code: MeasureCode) -> Resource:
    measured = MEASURED[code]
    return {"value": float(number), "unit": measured.shown, "system": _UCUM, "code": measured.unit}


def _by(line: HealthLine) -> Resource:
    signed = (line.author_name, line.author_role, line.organization_name)
    return {"display": ", ".join(part for part in signed if part)}


def _asserter(line: HealthLine) -> Resource:
    if line.origin == "patient":
        return subject_of(line.patient_id)
    return {"display": ", ".join(part for part in (line.asserted_by_name, line.asserted_by_role) if part)}
