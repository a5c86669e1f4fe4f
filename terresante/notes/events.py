from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePublished(Event):
    """object_id is the note; the live stream asks its reading limits again for each person connected."""

    by_user_id: UUID | None = None
    # The account of who wrote the note that this one answers.
    answers_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLimited(Event):
    """Fewer read the note, or the patient begins or ceases to; object_id is the note, its limits those it now has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAmended(Event):
    """Its author corrected its words; object_id is the note, which is unread again for the others."""
