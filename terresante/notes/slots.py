from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown, tab_counts
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import lowered
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note

EXCERPT = 90


@fact_shown(FeedKind.NOTE)
def notes_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    return {(FeedKind.NOTE, note.pk): _line(note) for note in _notes(actor, [pk for _, pk in keys])}


tab_counts("notes", FeedKind.NOTE)


@compiled.rows
def _notes(actor: Actor, keys: list[UUID]) -> QuerySet[Note]:
    return access.list(actor, NOTE_READ, Note).filter(among("pk", keys))


def _line(note: Note) -> FactLine:
    return FactLine(
        strong="",
        text=_excerpt(" ".join(note.text.split())),
        source=", ".join(part for part in (note.author_name, lowered(note.author_role)) if part),
        url=link("notes:one", note.record_id, note.pk),
        icon="note",
    )


def _excerpt(text: str) -> str:
    """Cut between two words, or where it must be in a text without spaces."""
    if len(text) <= EXCERPT:
        return text
    cut = text[: max(text.rfind(" ", 0, EXCERPT), 0)].rstrip(" ,;:.!?«(-\u00a0")
    return f"{cut or text[: EXCERPT - 1]}…"
