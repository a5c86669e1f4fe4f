from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.notes.events import NotePublished
from terresante.notifications import actions as notifications
from terresante.notifications.enums import Notice


@on(NotePublished)
def tell_its_readers(events: Sequence[NotePublished]) -> None:
    notifications.tell_readers(Notice.NOTE, events)
    shown = [
        event
        for event in events
        if not (event.hidden_from_patient or event.private_to_id or event.private_to_person_id)
    ]
    notifications.tell_patients(Notice.NOTE_SHOWN, shown)
