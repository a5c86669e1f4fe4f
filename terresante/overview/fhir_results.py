"""Results of biology as resources of FHIR R4: a report, then each of its results."""

from terresante.overview.fhir import Resource, filled, instant, security_label, subject_of, urn
from terresante.results.enums import OTHER_WORDS, SUSCEPTIBILITIES
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.terminology.enums import LOINC

_TERMS = "http://terminology.hl7.org/CodeSystem"
_UCUM = "http://unitsofmeasure.org"
# R4 has no bound that is strict and one that is not beyond these four.
_COMPARATORS = ("<", "<=", ">", ">=")


def report(row: DiagnosticReport) -> Resource:
    return filled(
        resourceType="DiagnosticReport",
        id=str(row.pk),
        meta=filled(security=[coding for label in security_label(row) for coding in label["coding"]]),
        status=row.status,
        category=[{"coding": [{"system": f"{_TERMS}/v2-0074", "code": "LAB"}]}],
        code={"coding": [{"system": "http://loinc.org", "code": "11502-2"}], "text": row.chapters},
        subject=subject_of(row.patient_id),
        effectiveDateTime=instant(row.effective_at),
        issued=instant(row.recorded_at),
        performer=[{"display": row.laboratory}],
        conclusion=row.comment,
    )


def result(row: LabObservation) -> Resource:
    return filled(
        resourceType="Observation",
        id=str(row.pk),
        status=row.report.status,
        category=[{"coding": [{"system": f"{_TERMS}/observation-category", "code": "laboratory"}]}],
        code=_code(row),
        subject=subject_of(row.patient_id),
        effectiveDateTime=instant(row.effective_at),
        issued=instant(row.report.recorded_at),
        performer=[{"display": row.report.laboratory}],
        interpretation=_interpretation(row),
        note=[{"text": row.comment}] if row.comment else [],
        method={"text": row.method} if row.method else {},
        referenceRange=_range(row),
        **_value(row),
    )


def with_results(resource: Resource, results: list[LabObservation]) -> Resource:
    return filled(**resource, result=[{"reference": urn(row.pk)} for row in results])


def _code(row: LabObservation) -> Resource:
    is_loinc = row.code_system == LOINC
    system = "http://loinc.org" if is_loinc else f"urn:oid:{row.code_system}"
    coding = [{"system": system, "code": row.code}] if row.code and row.code_system[:1].isdigit() else []
    return filled(coding=coding, text=row.label)


def _value(row: LabObservation) -> Resource:
    if row.value is None:
        return {"valueString": row.said} if row.said else {}
    quantity = filled(
        comparator=row.comparator if row.comparator in _COMPARATORS else "",
        unit=row.shown_unit,
        system=_UCUM if row.unit else "",
        code=row.unit,
    )
    return {"valueQuantity": {"value": float(row.value), **quantity}}


def _interpretation(row: LabObservation) -> list[Resource]:
    if not row.interpretation:
        return []
    mark = row.mark
    said = (
        mark.word
        if mark
        else SUSCEPTIBILITIES.get(row.interpretation, OTHER_WORDS.get(row.interpretation, ""))
    )
    coding = {"system": f"{_TERMS}/v3-ObservationInterpretation", "code": row.interpretation}
    return [filled(coding=[coding], text=said)]


def _range(row: LabObservation) -> list[Resource]:
    edges = {
        name: {"value": float(edge)}
        for name, edge in (("low", row.low), ("high", row.high))
        if edge is not None
    }
    return [filled(**edges, text=row.said_range)] if row.said_range else []
