from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Event):
    """Its owner logged out, or ended it from another browser; a session too old is not told."""

    user_id: UUID
    device_id: UUID
