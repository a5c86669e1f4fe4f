from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryImported(Event):
    """Applied, at once or after a person's decision."""

    import_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerStruckOff(Event):
    """Somebody with an account here has left the national directory; their roles have ended today."""

    practitioner_id: UUID
