"""Reports that come as results one by one, without a document: filed, corrected, taken back (ORU^R01)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from terresante.care_team.queries.limits import Limits, limits_on
from terresante.documents.received_actions import hidden_since, keep_as_before, keep_inside, record_sent_to
from terresante.feed.actions import limit_again, tell, withdraw
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.events import emit
from terresante.results.access import RESULT_WRITE
from terresante.results.actions import (
    NewReport,
    NewResult,
    fact_of,
    observed,
    row_of,
    save,
    trace,
)
from terresante.results.enums import SHOWN, ReportStatus
from terresante.results.events import ResultsChanged, ResultsFiled
from terresante.results.merging import Place, is_of, key_of, merge, sub_under
from terresante.results.models import LABEL_LENGTH, DiagnosticReport, LabObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class SentResults:
    """`name` is what the sender calls the report; `withdrawn`, the results it takes back. `is_cancelled`: what was in
    it is taken back, but what this message gives. `apart`: numbers of orders that are a part of the report, and may
    have been filed as reports of their own; `cancelled`, those of them that are; `is_part`: nothing else is told.

    A later message under the same name is its next version: what it gives replaces what it is about (`merging`), the
    rest stays. `chapters` and `moments` are those that it speaks of.
    """

    name: str
    report: NewReport
    # Where each result of the report stands, in their order.
    places: tuple[Place, ...]
    limits: Limits
    withdrawn: frozenset[Place] = frozenset()
    apart: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    is_part: bool = False
    is_cancelled: bool = False
    chapters: frozenset[str] = frozenset()
    moments: frozenset[datetime] = frozenset()
    # The number under which their sender knows the stay they are of; whether the circle does not read that of a number.
    visit_number: str
    is_kept: Callable[[str], bool]

    @property
    def said(self) -> list[tuple[Place, NewResult | None]]:
        """What it gives, and what it takes back."""
        given = zip(self.places, self.report.results, strict=True)
        return [*given, *((place, None) for place in sorted(self.withdrawn, key=str))]


@action
def file_results(actor: Actor, patient_id: UUID, *, sent: SentResults) -> DiagnosticReport:
    """The report, or the one that it takes back whole. Raises NotFound for a report to correct that never came,
    Conflict for one that says again what is in force.
    """
    record = record_sent_to(actor, patient_id, RESULT_WRITE)
    known = _before(actor, patient_id, sent)
    before, apart = next(iter(known), None), known[1:]
    report = replace(sent.report, results=tuple(_merged(before, apart, sent)))
    if not report.results:
        if before is None:
            raise NotFound
        for each in known:
            _taken_back(actor, each)
        return before
    row = row_of(actor, record, report, sent.limits)
    row.sender_identifier, row.visit_number = sent.name[:LABEL_LENGTH], sent.visit_number
    if sent.is_kept(row.visit_number):
        keep_inside(row, row.organization_id)
    if before is not None:
        _follow(row, before, sent)
    observations = observed(row, report)
    if before is not None:
        if not apart and _is_same(row, observations, before):
            raise Conflict("Ces résultats ont déjà été transmis : rien ne change.")
        for each in known:
            keep_as_before(row, each, row.organization_id, sent.is_kept)
            narrower = hidden_since(each, row)
            DiagnosticReport.objects.filter(pk=each.pk).update(status=ReportStatus.SUPERSEDED, **narrower)
            withdraw(patient_id, each.pk)
    save(row, observations)
    tell(actor, fact_of(row))
    emit(actor, (ResultsFiled if before is None else ResultsChanged)(**row.told()))
    trace(actor, RESULT_WRITE, row, **({"replaces": str(before.pk)} if before else {}))
    return row


def keep_with_stay(actor: Actor, patient_id: UUID, *, visit_number: str, kept: bool) -> None:
    """As documents are (`documents.received_actions.keep_with_stay`); those of a document are kept with it."""
    with rls.acting(actor):
        record = record_sent_to(actor, patient_id, RESULT_WRITE)
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


def _taken_back(actor: Actor, before: DiagnosticReport) -> None:
    DiagnosticReport.objects.filter(pk=before.pk).update(status=ReportStatus.ENTERED_IN_ERROR)
    before.status = ReportStatus.ENTERED_IN_ERROR
    withdraw(before.patient_id, before.pk)
    emit(actor, ResultsChanged(**before.told()))
    kept = limits_on(before).in_trail
    audit.record(
        actor, RESULT_WRITE, patient_id=before.patient_id, about=before, detail={"results": 0, **kept}
    )


def _before(actor: Actor, patient_id: UUID, sent: SentResults) -> list[DiagnosticReport]:
    """The report in force under this name, else one under another name that holds what this message speaks of; then its
    parts that were filed apart.
    """
    mine = access.list(actor, RESULT_WRITE, DiagnosticReport).filter(
        patient_id=patient_id, document=None, status__in=SHOWN
    )
    mine = mine.select_for_update(of=("self",)).order_by("-recorded_at", "pk")
    named = mine.filter(sender_identifier=sent.name[:LABEL_LENGTH]).first()
    found = named or mine.filter(pk__in=_holding(patient_id, sent), may_hold_others=True).first()
    parts = (
        mine.filter(sender_identifier__in=[name[:LABEL_LENGTH] for name in sent.apart]) if sent.apart else ()
    )
    return [*([found] if found else []), *(part for part in parts if found is None or part.pk != found.pk)]


def _holding(patient_id: UUID, sent: SentResults) -> set[UUID]:
    """Reports with a result of the same code, chapter, and moment or prescription."""
    same = Q(effective_at__in=sent.moments)
    if sent.report.prescription:
        same |= Q(report__prescription=sent.report.prescription)
    rows = LabObservation.objects.filter(
        same, patient_id=patient_id, chapter_code__in=sent.chapters, report__may_hold_others=True
    )
    named = {(place.key, place.chapter) for place, _ in sent.said}
    return {
        report_id
        for report_id, chapter, code, label in rows.values_list("report_id", "chapter_code", "code", "label")
        if sent.is_cancelled or (key_of(code, label), chapter) in named
    }


_OF_THE_WHOLE = ("effective_at", "laboratory", "prescription", "prescriber")


def _follow(row: DiagnosticReport, before: DiagnosticReport, sent: SentResults) -> None:
    keep_as_before(row, before, row.organization_id, sent.is_kept)
    row.replaces = before
    if sent.is_part:
        _as_hidden(row, before)
    if sent.is_part and not before.may_hold_others:
        for name in _OF_THE_WHOLE:
            setattr(row, name, getattr(before, name))
        row.status = row.status if before.status == ReportStatus.FINAL else before.status
    if not before.may_hold_others:
        row.comment = row.comment or before.comment
        return
    # Of several orders: it stays as it is, and under its number, where its other results are corrected too.
    for name in ("sender_identifier", *_OF_THE_WHOLE):
        setattr(row, name, getattr(before, name))
    row.may_hold_others = True
    if row.comment not in before.comment:
        row.comment = "\n".join(said for said in (before.comment, row.comment) if said)
    else:
        row.comment = before.comment
    if row.status == ReportStatus.FINAL and before.status == ReportStatus.CORRECTED:
        row.status = ReportStatus.CORRECTED


def _as_hidden(row: DiagnosticReport, before: DiagnosticReport) -> None:
    """A message that gives a part says who reads that part, and of which stay it is: it never shows more of the whole
    report.
    """
    row.hidden_from_patient |= before.hidden_from_patient
    row.hidden_from_representative |= before.hidden_from_representative
    if row.private_to_id is None:
        row.visit_number = before.visit_number or row.visit_number
        for name in ("private_to_id", "is_kept_with_stay", "sector", "restricted_to_id"):
            setattr(row, name, getattr(before, name))


_OF_A_REPORT = ("status", "laboratory", "prescription", "prescriber", "comment", "visit_number")
_OF_A_RESULT = tuple(each.name for each in fields(NewResult))
# Learned of a result since, it is no change of it.
_SAME = tuple(name for name in _OF_A_RESULT if name != "sub_identifier")


def _is_same(row: DiagnosticReport, observations: Sequence[LabObservation], before: DiagnosticReport) -> bool:
    if limits_on(row) != limits_on(before) or _said(row, _OF_A_REPORT) != _said(before, _OF_A_REPORT):
        return False
    kept = _observations(before)
    return [_said(each, _SAME) for each in observations] == [_said(each, _SAME) for each in kept]


def _said(row: DiagnosticReport | LabObservation, names: tuple[str, ...]) -> list[Any]:
    return [getattr(row, name) for name in names]


def _merged(
    before: DiagnosticReport | None, apart: Sequence[DiagnosticReport], sent: SentResults
) -> list[NewResult]:
    """In their order: those that stay, corrected where they stood, then the new ones at the end of their chapter."""
    if before is None:
        return list(sent.report.results)
    # Two orders may have the same examination: in a report of several, each is told apart by its chapter.
    is_of_several = before.may_hold_others
    kept = [result for report in (before, *apart) for result in _kept(report, sent.apart)]
    answers, new = merge(kept, sent.said, by_chapter=is_of_several)
    merged: list[NewResult] = []
    for rank, each in enumerate(kept):
        is_gone = sent.is_cancelled and (not is_of_several or each.chapter_code in sent.chapters)
        is_gone = is_gone or is_of(each, sent.cancelled)
        answer = answers.get(rank, None if is_gone else each)
        merged += [answer] if answer is not None else []
    for result in new:
        merged.insert(_end_of(result.chapter, merged), result)
    return merged


def _end_of(chapter: str, merged: Sequence[NewResult]) -> int:
    return max((at for at, each in enumerate(merged, 1) if each.chapter == chapter), default=len(merged))


def _kept(before: DiagnosticReport, apart: Sequence[str]) -> list[NewResult]:
    """Results of a part that was filed apart get the sub-identifier that they would have had within the whole."""
    kept = [
        NewResult(**dict(zip(_OF_A_RESULT, _said(row, _OF_A_RESULT), strict=True)))
        for row in _observations(before)
    ]
    number = next((name for name in apart if name[:LABEL_LENGTH] == before.sender_identifier), None)
    if number is None:
        return kept
    return [replace(each, sub_identifier=sub_under(number, each.sub_identifier)) for each in kept]


def _observations(report: DiagnosticReport) -> QuerySet[LabObservation]:
    rows = LabObservation.objects.filter(report_id=report.pk, patient_id=report.patient_id)
    return rows.order_by("position")
