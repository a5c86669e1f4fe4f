from collections.abc import Collection
from textwrap import shorten
from uuid import UUID

from django.urls import reverse

from terresante.feed.enums import FeedKind
from terresante.feed.queries import unread_count
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactKey, FactLine, fact_shown, tab_counted
from terresante.kernel.ui.wording import lowered
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note

EXCERPT = 64


@fact_shown(FeedKind.NOTE)
def notes_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    notes = access.list(actor, NOTE_READ, Note).filter(pk__in=[pk for _, pk in keys])
    return {(FeedKind.NOTE, note.pk): _line(note) for note in notes}


@tab_counted("notes")
def unread_notes(actor: Actor, patient_id: UUID) -> int:
    return unread_count(actor, patient_id, FeedKind.NOTE)


def _line(note: Note) -> FactLine:
    return FactLine(
        strong="",
        text=_excerpt(" ".join(note.text.split())),
        source=", ".join(part for part in (note.author_name, lowered(note.author_role)) if part),
        url=reverse("notes:one", args=[note.record_id, note.pk]),
        icon="note",
    )


def _excerpt(text: str) -> str:
    """Cut between two words, or where it must be in a text without spaces."""
    if len(text) <= EXCERPT:
        return text
    cut = shorten(text, EXCERPT - 1, placeholder="").rstrip(" ,;:.!?«(-\u00a0")
    return f"{cut or text[: EXCERPT - 1]}…"
