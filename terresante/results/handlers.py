from collections.abc import Sequence

from terresante.documents.events import DocumentChanged
from terresante.kernel.events import on
from terresante.notifications.actions import tell_who_may_read
from terresante.notifications.enums import Notice
from terresante.results.actions import follow_document
from terresante.results.events import ResultsFiled


@on(DocumentChanged)
def follow_their_documents(events: Sequence[DocumentChanged]) -> None:
    """Shared or no longer, replaced, withdrawn: by a person as by a wire."""
    for patient_id, document_id in {(event.patient_id, event.object_id) for event in events}:
        if patient_id is not None and document_id is not None:
            follow_document(patient_id, document_id)


@on(ResultsFiled)
def tell_their_readers(events: Sequence[ResultsFiled]) -> None:
    tell_who_may_read(Notice.DOCUMENT, Notice.DOCUMENT_SHOWN, list(events))
