from collections.abc import Sequence

from terresante.documents.events import DocumentFiled, OwnDocumentChanged
from terresante.documents.own_actions import tell_of_own_document
from terresante.kernel.actor import Actor
from terresante.kernel.events import on
from terresante.notifications.actions import tell_named, tell_readers, tell_who_may_read
from terresante.notifications.enums import Notice


@on(DocumentFiled)
def tell_its_readers(events: Sequence[DocumentFiled]) -> None:
    tell_who_may_read(
        Notice.DOCUMENT, Notice.DOCUMENT_SHOWN, [event for event in events if not event.by_patient]
    )
    tell_readers(Notice.DOCUMENT, [event for event in events if event.by_patient])
    tell_named(Notice.DOCUMENT_ADDRESSED, [(event, event.addressees) for event in events if event.addressees])


@on(OwnDocumentChanged)
def tell_the_circle_of_hers(events: Sequence[OwnDocumentChanged]) -> None:
    """By a job: the person writes nothing in the feed of her circle."""
    for event in events:
        if event.object_id is not None:
            tell_of_own_document(Actor.job("own documents"), event.owner_id, event.object_id)
