"""What the software of a structure reports, corrects and takes back; nobody types a result."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team.enums import DataClass
from terresante.care_team.queries.limits import Limits, limits_on
from terresante.documents.enums import DocumentStatus
from terresante.documents.models import DocumentReference
from terresante.documents.received_actions import record_sent_to
from terresante.feed.actions import Fact, limit_again, tell, withdraw
from terresante.feed.enums import FeedKind
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.ui.wording import NBSP, lowered, shortened
from terresante.patients.models import CareRecord
from terresante.results.access import RESULT_WRITE
from terresante.results.enums import ReportStatus, ResultKind
from terresante.results.models import (
    COMMENT_LENGTH,
    LABEL_LENGTH,
    TEXT_LENGTH,
    DiagnosticReport,
    LabObservation,
)
from terresante.results.units import analyte_key
from terresante.terminology.enums import LOINC
from terresante.terminology.queries import loinc_labels

_NAMED = 3
_UNTITLED = "Biologie"
# What PostgreSQL holds in the columns of numbers: a value beyond is kept as the laboratory wrote it.
_DIGITS, _DECIMALS = 15, 9
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResult:
    """`effective_at` None: at the date of its report. Texts are cut to their columns when they are filed."""

    kind: ResultKind = ResultKind.VALUE
    chapter_code: str = ""
    chapter: str = ""
    section: str = ""
    battery: str = ""
    isolate: int | None = None
    sub_identifier: str = ""
    code: str = ""
    code_system: str = ""
    label: str = ""
    comparator: str = ""
    value: Decimal | None = None
    text: str = ""
    unit: str = ""
    other_text: str = ""
    other_unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    range_text: str = ""
    interpretation: str = ""
    effective_at: datetime | None = None
    method: str = ""
    specimen: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """`laboratory` is who examined, as the report says; '' when it does not."""

    effective_at: datetime
    results: tuple[NewResult, ...]
    laboratory: str = ""
    prescription: str = ""
    prescriber: str = ""
    comment: str = ""
    status: ReportStatus = ReportStatus.FINAL


@action
def file_report(actor: Actor, document: DocumentReference, *, report: NewReport) -> DiagnosticReport:
    """The results of a document just filed, read by the same persons; its line in the feed becomes theirs.

    Raises NotFound when this structure does not know the person.
    """
    record = record_sent_to(actor, document.patient_id, RESULT_WRITE)
    limits = limits_on(document)
    # What is kept with a stay comes back with it: the document says so, and holds for its results (policy).
    own = replace(limits, private_to_id=None) if document.is_kept_with_stay else limits
    row = row_of(actor, record, report, own)
    row.document, row.data_class = document, document.data_class
    _supersede(document)
    save(row, observed(row, report))
    withdraw(row.patient_id, document.pk)
    tell(actor, fact_of(row))
    trace(actor, RESULT_WRITE, row, **limits.in_trail)
    return row


@action
def close_reports(actor: Actor, document: DocumentReference) -> int:
    """Ends the reports of a withdrawn document, or of the one that `document` has just replaced; returns how many were
    in force.
    """
    record_sent_to(actor, document.patient_id, RESULT_WRITE)
    if document.status == DocumentStatus.ENTERED_IN_ERROR:
        closed = _closed(document.pk, document.patient_id, ReportStatus.ENTERED_IN_ERROR)
    else:
        closed = _supersede(document)
    audit.record(
        actor,
        RESULT_WRITE,
        patient_id=document.patient_id,
        about=document,
        detail=limits_on(document).in_trail,
    )
    return closed


def follow_document(patient_id: UUID, document_id: UUID) -> None:
    """Gives the report of a document the same readers as the document, and ends it when the document ends. Called in
    the context of a job. Idempotent.
    """
    rls.open_record(patient_id)
    rows = DiagnosticReport.objects.filter(patient_id=patient_id, document_id=document_id)
    row = rows.select_related("document").first()
    if row is None or row.document is None:
        return
    document = row.document
    status = _STATUS_AFTER.get(DocumentStatus(document.status), ReportStatus(row.status))
    told = (status, document.hidden_from_patient, document.hidden_from_representative)
    if told == (row.status, row.hidden_from_patient, row.hidden_from_representative):
        return
    row.status, row.hidden_from_patient, row.hidden_from_representative = told
    rows.update(
        status=row.status,
        hidden_from_patient=row.hidden_from_patient,
        hidden_from_representative=row.hidden_from_representative,
    )
    limit_again(row.patient_id, fact_of(row))


_STATUS_AFTER = {
    DocumentStatus.SUPERSEDED: ReportStatus.SUPERSEDED,
    DocumentStatus.ENTERED_IN_ERROR: ReportStatus.ENTERED_IN_ERROR,
}


def fact_of(row: DiagnosticReport) -> Fact:
    """Told under the key and the limits of its document, when it has one: what withdraws or hides the document then
    does so to the fact.
    """
    kept = row.document or row
    return Fact(kind=FeedKind.RESULT, occurred_at=kept.recorded_at, **kept.told())


def _supersede(document: DocumentReference) -> int:
    if document.replaces_id is None:
        return 0
    return _closed(document.replaces_id, document.patient_id, ReportStatus.SUPERSEDED)


def _closed(document_id: UUID, patient_id: UUID, status: ReportStatus) -> int:
    rows = DiagnosticReport.objects.filter(patient_id=patient_id, document_id=document_id)
    return rows.exclude(status=ReportStatus.ENTERED_IN_ERROR).update(status=status)


def row_of(actor: Actor, record: CareRecord, report: NewReport, limits: Limits) -> DiagnosticReport:
    if actor.organization_id is None:
        raise NotFound
    return DiagnosticReport(
        patient_id=record.patient_id,
        record=record,
        data_class=DataClass.MEDICAL,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        laboratory=_cut(report.laboratory, LABEL_LENGTH) or actor.organization_name,
        effective_at=_sensible(report.effective_at) or timezone.now(),
        prescription=_cut(report.prescription, 120),
        prescriber=_cut(report.prescriber, LABEL_LENGTH),
        status=report.status,
        comment=report.comment[:10_000],
        **asdict(limits),
    )


def observed(row: DiagnosticReport, report: NewReport) -> list[LabObservation]:
    """As they would be kept."""
    names = _names_of(report.results)
    named = [_named(each, names) for each in report.results]
    return [_observation(row, number, each) for number, each in enumerate(named, start=1)]


def save(row: DiagnosticReport, observations: Sequence[LabObservation]) -> None:
    _sum_up(row, observations)
    row.save(force_insert=True)
    LabObservation.objects.bulk_create(observations, batch_size=500)


def _names_of(results: Sequence[NewResult]) -> dict[str, str]:
    """Of the examinations that came with their LOINC code alone; none when no file of names is loaded."""
    bare = {each.code for each in results if each.code and not each.label and each.code_system == LOINC}
    return loinc_labels(sorted(bare)) if bare else {}


def _named(result: NewResult, names: Mapping[str, str]) -> NewResult:
    return replace(result, label=names[result.code]) if not result.label and result.code in names else result


def _observation(row: DiagnosticReport, position: int, result: NewResult) -> LabObservation:
    said = {each.name: getattr(result, each.name) for each in fields(NewResult)}
    for name, value in said.items():
        if isinstance(value, str) and name != "kind":
            said[name] = _cut(value, _LENGTHS.get(name, LABEL_LENGTH))
    said |= {name: _held(said[name]) for name in ("value", "low", "high")}
    # A count is its germ's: those of two germs are no series.
    is_followed = result.kind in (ResultKind.VALUE, ResultKind.EARLIER) and result.isolate is None
    return LabObservation(
        **{
            **said,
            "patient_id": row.patient_id,
            "record_id": row.record_id,
            "report": row,
            "position": position,
            "label": said["label"] or said["code"] or "Examen sans nom",
            "analyte": analyte_key(said["code"], said["code_system"], said["label"]) if is_followed else "",
            "effective_at": _sensible(result.effective_at) or row.effective_at,
        }
    )


_LENGTHS = {
    "chapter_code": 40,
    "code": 60,
    "code_system": 100,
    "comparator": 2,
    "text": TEXT_LENGTH,
    "unit": 60,
    "other_text": 60,
    "other_unit": 60,
    "interpretation": 10,
    "comment": COMMENT_LENGTH,
}


def _sensible(at: datetime | None) -> datetime | None:
    """None for a year that a calendar would not hold: PostgreSQL stores some that Python cannot read back."""
    return at if at is not None and _FIRST_YEAR <= at.year <= _LAST_YEAR else None


def _held(value: Decimal | None) -> Decimal | None:
    if value is None or not value.is_finite() or value.adjusted() >= _DIGITS:
        return None
    return round(value, _DECIMALS)


def _cut(said: str, most: int) -> str:
    """On one line; PostgreSQL holds no NUL in a text."""
    return shortened(" ".join(said.replace("\x00", "").split()), most)


def _sum_up(row: DiagnosticReport, told: Sequence[LabObservation]) -> None:
    """Of what is new in it."""
    observations = [each for each in told if not each.is_earlier]
    chapters = list(dict.fromkeys(each.chapter for each in observations if each.chapter))
    row.chapters = _cut(_few(chapters, ", "), LABEL_LENGTH) or _UNTITLED
    outside = [each for each in observations if each.mark is not None]
    germs = [f"germe isolé : {each.text}" for each in observations if each.is_isolate and each.text]
    resists = [f"résistant à {lowered(each.label)}" for each in observations if each.is_resistant]
    said = [f"{lowered(each.label)} {each.said}{NBSP}{_marked(each)}" for each in outside]
    row.headline = shortened(_few([*said, *germs, *resists], ", "), TEXT_LENGTH)
    row.total = sum(not each.is_isolate for each in observations)
    row.out_of_range = len(outside)


def _marked(observation: LabObservation) -> str:
    """On one line with its value, wherever the line is cut."""
    mark = observation.mark
    said = "" if mark is None else " ".join(part for part in (mark.arrow, mark.word) if part)
    return said.replace(" ", NBSP)


def _few(said: Sequence[str], between: str) -> str:
    left = len(said) - _NAMED
    named = between.join(said[:_NAMED])
    return f"{named} et {left}{NBSP}de plus" if left > 0 else named


def trace(actor: Actor, act: Action, row: DiagnosticReport, **detail: Any) -> None:
    kept = limits_on(row).in_trail
    told = {"document": str(row.document_id)} if row.document_id else {}
    audit.record(
        actor,
        act,
        patient_id=row.patient_id,
        about=row,
        detail={**told, "results": row.total, **detail, **kept},
    )
