from collections.abc import Sequence

from terresante.documents.events import DocumentFiled
from terresante.kernel.events import on
from terresante.notifications.actions import tell_named, tell_who_may_read
from terresante.notifications.enums import Notice


@on(DocumentFiled)
def tell_its_readers(events: Sequence[DocumentFiled]) -> None:
    tell_who_may_read(Notice.DOCUMENT, Notice.DOCUMENT_SHOWN, events)
    tell_named(Notice.DOCUMENT_ADDRESSED, [(event, event.addressees) for event in events if event.addressees])
