"""The results of a report of biology, filed with its document, in its transaction (INTEROP.md 5 and 6)."""

import logging

from django.db import DataError, IntegrityError, transaction

from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.interop.cda.results import read_results
from terresante.interop.hl7v2.carried import Carried
from terresante.kernel.actor import Actor
from terresante.results.actions import NewReport, close_reports, file_report

log = logging.getLogger(__name__)

# Documents that hold results: a report of biology, a rapid test.
_WITH_RESULTS = (DocumentType.LABORATORY_REPORT, DocumentType.RAPID_TEST)
_UNREAD = "results-unread"


def file_results(actor: Actor, document: DocumentReference, carried: Carried) -> list[str]:
    """A document whose results cannot be read is filed all the same: a remark says so, and it is there to be read."""
    remarks: list[str] = []
    report = _read(document, carried, remarks) if document.type in _WITH_RESULTS else None
    if report is not None:
        try:
            with transaction.atomic():
                file_report(actor, document, report=report)
        except (DataError, IntegrityError) as error:
            _remark(document, error, remarks)
        else:
            return remarks
    if document.replaces_id is not None:
        close_reports(actor, document)
    return remarks


def close_results(actor: Actor, document: DocumentReference) -> None:
    if document.type in _WITH_RESULTS:
        close_reports(actor, document)


def _read(document: DocumentReference, carried: Carried, remarks: list[str]) -> NewReport | None:
    try:
        return read_results(carried.cda) if carried.cda is not None else None
    except Exception as error:  # noqa: BLE001  # a fault here keeps no document out
        _remark(document, error, remarks)
        return None


def _remark(document: DocumentReference, error: Exception, remarks: list[str]) -> None:
    # Not the text of the error: it may quote the content.
    log.error("interop: the results of document %s are not read, %s", document.pk, type(error).__name__)
    remarks.append(_UNREAD)
