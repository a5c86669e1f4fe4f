"""Reports that come as results one by one, without a document: filed, corrected, taken back (ORU^R01)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from uuid import UUID

from terresante.care_team.queries.limits import Limits, limits_on
from terresante.documents.received_actions import keep_as_before, keep_inside
from terresante.feed.actions import limit_again, tell, withdraw
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.events import emit
from terresante.results.access import RESULT_WRITE
from terresante.results.actions import (
    NewReport,
    NewResult,
    fact_of,
    record_of,
    row_of,
    save,
    trace,
)
from terresante.results.enums import SHOWN, ReportStatus
from terresante.results.events import ResultsChanged, ResultsFiled
from terresante.results.models import LABEL_LENGTH, DiagnosticReport, LabObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class SentResults:
    """`name` is what the sender calls the report; `withdrawn`, the codes (or names) of the results it takes back.

    A later message under the same name is its next version: what it gives replaces what had the same code, the rest
    stays.
    """

    name: str
    report: NewReport
    limits: Limits
    withdrawn: frozenset[str] = frozenset()
    # The number under which their sender knows the stay they are of; whether the circle does not read that of a number.
    visit_number: str
    is_kept: Callable[[str], bool]


@action
def file_results(actor: Actor, patient_id: UUID, *, sent: SentResults) -> DiagnosticReport:
    """The report, or the one that it takes back whole. Raises NotFound for a report to correct that never came."""
    record = record_of(actor, patient_id)
    before = _before(actor, patient_id, sent.name)
    results = _merged(before, sent)
    if not results:
        return _taken_back(actor, before)
    report = replace(sent.report, results=results)
    row = row_of(actor, record, report, sent.limits)
    row.sender_identifier, row.replaces = sent.name[:LABEL_LENGTH], before
    row.visit_number = sent.visit_number
    if sent.is_kept(row.visit_number):
        keep_inside(row, row.organization_id)
    if before is not None:
        keep_as_before(row, before, row.organization_id, sent.is_kept)
        DiagnosticReport.objects.filter(pk=before.pk).update(status=ReportStatus.SUPERSEDED)
        withdraw(patient_id, before.pk)
    save(row, report)
    tell(actor, fact_of(row))
    emit(actor, (ResultsFiled if before is None else ResultsChanged)(**row.told()))
    trace(actor, RESULT_WRITE, row, **({"replaces": str(before.pk)} if before else {}))
    return row


def keep_with_stay(actor: Actor, patient_id: UUID, *, visit_number: str, kept: bool) -> None:
    """As documents are (`documents.received_actions.keep_with_stay`); those of a document are kept with it."""
    with rls.acting(actor):
        record = record_of(actor, patient_id)
        sent = access.list(actor, RESULT_WRITE, DiagnosticReport).filter(
            patient_id=record.patient_id,
            document=None,
            visit_number=visit_number,
            is_kept_with_stay=not kept,
        )
        rows = sent.filter(private_to=None) if kept else sent
        for row in rows.select_for_update(of=("self",)).order_by("pk"):
            _keep(actor, row, kept=kept)


@action
def _keep(actor: Actor, row: DiagnosticReport, *, kept: bool) -> None:
    shown = row.told()
    row.private_to_id, row.is_kept_with_stay = row.organization_id if kept else None, kept
    DiagnosticReport.objects.filter(pk=row.pk).update(private_to_id=row.private_to_id, is_kept_with_stay=kept)
    limit_again(row.patient_id, fact_of(row))
    emit(actor, ResultsChanged(**(shown if kept else row.told())))
    trace(actor, RESULT_WRITE, row, kept_with_stay=kept, private_to=str(row.organization_id))


def _taken_back(actor: Actor, before: DiagnosticReport | None) -> DiagnosticReport:
    if before is None:
        raise NotFound
    DiagnosticReport.objects.filter(pk=before.pk).update(status=ReportStatus.ENTERED_IN_ERROR)
    before.status = ReportStatus.ENTERED_IN_ERROR
    withdraw(before.patient_id, before.pk)
    emit(actor, ResultsChanged(**before.told()))
    kept = limits_on(before).in_trail
    audit.record(
        actor, RESULT_WRITE, patient_id=before.patient_id, about=before, detail={"results": 0, **kept}
    )
    return before


def _before(actor: Actor, patient_id: UUID, name: str) -> DiagnosticReport | None:
    mine = access.list(actor, RESULT_WRITE, DiagnosticReport).filter(
        patient_id=patient_id, sender_identifier=name[:LABEL_LENGTH], document=None, status__in=SHOWN
    )
    return mine.select_for_update(of=("self",)).order_by("-recorded_at", "pk").first()


def _merged(before: DiagnosticReport | None, sent: SentResults) -> tuple[NewResult, ...]:
    """In their order: those that stay, corrected where they stood, then the new ones."""
    new: dict[str, list[NewResult]] = {}
    for result in sent.report.results:
        new.setdefault(_key(result.code, result.label), []).append(result)
    given = set(new)
    merged: list[NewResult] = []
    for kept in _kept(before):
        key = _key(kept.code, kept.label)
        if key in given:
            merged += new.pop(key, [])
        elif key not in sent.withdrawn:
            merged.append(kept)
    return (*merged, *(each for found in new.values() for each in found))


def _kept(before: DiagnosticReport | None) -> Collection[NewResult]:
    if before is None:
        return ()
    rows = LabObservation.objects.filter(report_id=before.pk, patient_id=before.patient_id).order_by(
        "position"
    )
    names = [each.name for each in fields(NewResult)]
    return [NewResult(**{name: getattr(row, name) for name in names}) for row in rows]


def _key(code: str, label: str) -> str:
    return code or label.casefold()
