from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePublished(Event):
    """object_id is the note; the live stream asks its three reading limits again for each person connected."""
