from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.notes.events import NotePublished
from terresante.notifications.actions import tell_named, tell_who_may_read
from terresante.notifications.enums import Notice


@on(NotePublished)
def tell_its_readers(events: Sequence[NotePublished]) -> None:
    tell_who_may_read(Notice.NOTE, Notice.NOTE_SHOWN, events)
    answers = [(event, {str(event.answers_user_id)}) for event in events if event.answers_user_id]
    tell_named(Notice.NOTE_ANSWERED, answers)
