from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCreated(Event):
    """A person has a record from now on; object_id is the record."""


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
class EmergencyExplanationAsked(Event):
    """The officer asks who opened it to explain; object_id is the emergency access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReviewed(Event):
    """The officer concluded; object_id is the emergency access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverProposed(Event):
    """A colleague has an answer to give; object_id is the hand-over."""

    taker_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """One patient has passed from one colleague to another; object_id is the item. Accounts: None for who has none."""

    giver_user_id: UUID | None = None
    taker_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OppositionRecorded(Event):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OppositionWithdrawn(Event):
    kind: str
