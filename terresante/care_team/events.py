from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCreated(Event):
    """A person has a record from now on; object_id is the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShared(Event):
    """A record opens to sharing; `was_kept`: until then nobody outside its support structure knew of it."""

    was_kept: bool = False
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecorded(Event):
    """The person agreed to the sharing of her record; object_id is the consent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    member_id: UUID
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    member_id: UUID
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOpenedInEmergency(Event):
    """Somebody outside the circle reads the record; object_id is the emergency access."""

    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OppositionRecorded(Event):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OppositionWithdrawn(Event):
    kind: str
