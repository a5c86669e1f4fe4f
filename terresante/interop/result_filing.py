"""The results of a report of biology, filed with its document, in its transaction (INTEROP.md 5 and 6)."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from terresante.documents.models import DocumentReference
from terresante.documents.received_actions import limits_sent
from terresante.interop.cda.results import read_results
from terresante.interop.enums import MessageOutcome
from terresante.interop.hl7v2.carried import WITH_RESULTS, Carried
from terresante.interop.hl7v2.orders import together
from terresante.interop.specialties import specialty_of
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.results.actions import NewReport, close_reports, file_report
from terresante.results.discrete_actions import SentResults
from terresante.results.discrete_actions import file_results as file_sent_results
from terresante.results.enums import ReportStatus

log = logging.getLogger(__name__)

_O = MessageOutcome
WITHOUT_EFFECT = (_O.RESULTS_KNOWN, _O.RESULTS_UNKNOWN)
# What a message of several orders is said to have done: the first of these.
_MOST_TELLING = (_O.RESULTS_REPLACED, _O.RESULTS_FILED, _O.RESULTS_WITHDRAWN, *WITHOUT_EFFECT)
_UNREAD, _NOT_KEPT = "results-unread", "results-not-kept"


def file_results(actor: Actor, document: DocumentReference, carried: Carried) -> list[str]:
    """Returns a remark when the results cannot be read: the document is filed all the same, and is there to be read."""
    report, remarks = _read(document, carried)
    if report is not None:
        try:
            with transaction.atomic():
                file_report(actor, document, report=report)
        except (DataError, IntegrityError) as error:
            remarks = _told(document, error)
        else:
            return remarks
    if document.replaces_id is not None:
        close_reports(actor, document)
    return remarks


def file_discrete(
    actor: Actor, patient_id: UUID, carried: Carried, *, kept: Callable[[str], bool]
) -> tuple[MessageOutcome, list[str]]:
    """Results given one by one: each order is a report, read by those who would read a document of the same message.

    One message, one transaction: filed whole, or not at all. What has no effect beside the rest is a remark.
    """
    seen = carried.visibility
    limits = limits_sent(
        actor,
        is_masked=seen.is_masked,
        specialty=specialty_of(actor, carried),
        hidden_from_patient=seen.is_hidden_from_patient,
        hidden_from_representative=seen.is_hidden_from_representatives,
    )
    sent = [
        SentResults(
            name=order.name,
            report=order.report,
            places=order.places,
            apart=order.apart,
            limits=limits,
            withdrawn=order.withdrawn,
            is_cancelled=order.is_cancelled,
            cancelled=order.cancelled,
            is_part=order.is_part,
            chapters=order.chapters,
            moments=order.moments,
            visit_number=carried.visit_number,
            is_kept=kept,
        )
        for order in carried.discrete
    ]
    done = [_file_order(actor, patient_id, each) for each in sent]
    outcome = next(each for each in _MOST_TELLING if each in done)
    unknown = [
        f"{_O.RESULTS_UNKNOWN.value.replace('_', '-')} OBR^{order.place}"
        for order, each in zip(carried.discrete, done, strict=True)
        if each is _O.RESULTS_UNKNOWN
    ]
    return outcome, [] if outcome in WITHOUT_EFFECT else unknown


def _file_order(actor: Actor, patient_id: UUID, sent: SentResults) -> MessageOutcome:
    try:
        row = file_sent_results(actor, patient_id, sent=sent)
    except NotFound:
        return _O.RESULTS_UNKNOWN
    except Conflict:
        return _O.RESULTS_KNOWN
    if row.status == ReportStatus.ENTERED_IN_ERROR:
        return _O.RESULTS_WITHDRAWN
    return _O.RESULTS_REPLACED if row.replaces_id else _O.RESULTS_FILED


def close_results(actor: Actor, document: DocumentReference) -> None:
    if document.type in WITH_RESULTS:
        close_reports(actor, document)


def _read(document: DocumentReference, carried: Carried) -> tuple[NewReport | None, list[str]]:
    """Those of the document itself; of one that gives none (a paper), those that its message gives beside it."""
    beside = together(carried.discrete)
    if document.type not in WITH_RESULTS:
        return None, [_NOT_KEPT] if beside else []
    try:
        return (read_results(carried.cda) if carried.cda else None) or beside, []
    except Exception as error:  # noqa: BLE001  # a fault here keeps no document out
        return None, _told(document, error)


def _told(document: DocumentReference, error: Exception) -> list[str]:
    # Not the text of the error: it may quote the content.
    log.error("interop: the results of document %s are not read, %s", document.pk, type(error).__name__)
    return [_UNREAD]
