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


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyActDone(Event):
    """A duty given or taken, a unit's sensitivity changed: the privacy officers are told that something is.

    `object_id` names the act, not what it is about: each is told once.
    """
