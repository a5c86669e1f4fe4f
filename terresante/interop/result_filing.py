"""The results of a report of biology, filed with its document, in its transaction (INTEROP.md 5 and 6)."""

import logging
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from terresante.care_team.queries.limits import Limits
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.received_actions import limits_sent
from terresante.interop.cda.results import read_results
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.hl7v2.carried import Carried
from terresante.interop.hl7v2.discrete import Discrete
from terresante.interop.models import InboundMessage
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.results.actions import NewReport, close_reports, file_report
from terresante.results.discrete_actions import SentResults
from terresante.results.discrete_actions import file_results as file_sent_results
from terresante.results.enums import ReportStatus

log = logging.getLogger(__name__)

# Documents that hold results: a report of biology, a rapid test.
_WITH_RESULTS = (DocumentType.LABORATORY_REPORT, DocumentType.RAPID_TEST)
_UNREAD = "results-unread"


def file_results(actor: Actor, row: InboundMessage, document: DocumentReference, carried: Carried) -> None:
    """A document whose results cannot be read is filed all the same: a remark says so, and it is there to be read."""
    report = _read(row, carried) if document.type in _WITH_RESULTS else None
    if report is not None:
        try:
            with transaction.atomic():
                file_report(actor, document, report=report)
        except (DataError, IntegrityError) as error:
            _remark(row, error)
        else:
            return
    if document.replaces_id is not None:
        close_reports(actor, document)


def file_discrete(
    actor: Actor, patient_id: UUID, carried: Carried, discrete: Discrete, stay: Limits
) -> tuple[MessageState, MessageOutcome]:
    """Results given one by one: read by those who would read a document of the same message."""
    seen = carried.visibility
    limits = limits_sent(
        actor,
        is_masked=seen.is_masked or stay.private_to_id is not None,
        sector=stay.sector,
        hidden_from_patient=seen.is_hidden_from_patient or stay.hidden_from_patient,
        hidden_from_representative=seen.is_hidden_from_representatives or stay.hidden_from_representative,
    )
    sent = SentResults(
        name=carried.names[0], report=discrete.report, limits=limits, withdrawn=discrete.withdrawn
    )
    try:
        row = file_sent_results(actor, patient_id, sent=sent)
    except NotFound:
        return MessageState.IGNORED, MessageOutcome.RESULTS_UNKNOWN
    if row.status == ReportStatus.ENTERED_IN_ERROR:
        return MessageState.APPLIED, MessageOutcome.RESULTS_WITHDRAWN
    return (
        MessageState.APPLIED,
        MessageOutcome.RESULTS_REPLACED if row.replaces_id else MessageOutcome.RESULTS_FILED,
    )


def close_results(actor: Actor, document: DocumentReference) -> None:
    if document.type in _WITH_RESULTS:
        close_reports(actor, document)


def _read(row: InboundMessage, carried: Carried) -> NewReport | None:
    try:
        return read_results(carried.cda) if carried.cda is not None else None
    except Exception as error:  # noqa: BLE001  # a fault here keeps no document out
        _remark(row, error)
        return None


def _remark(row: InboundMessage, error: Exception) -> None:
    # Not the text of the error: it may quote the content.
    log.error("interop: the results of message %s are not read, %s", row.pk, type(error).__name__)
    row.remarks = [*row.remarks, _UNREAD]
