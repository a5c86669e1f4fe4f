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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordClosed(Event):
    """Told to those to whom the record closes, and to nobody else: pages of it that stay open must not.

    `member_id`: whose period, emergency or delegation ended (object_id), wherever he acts from; private to a person, or
    to a structure too, when it was lent to nobody. None: all whom an opposition (object_id) put out.
    `account_id`: of a relative, who acts for somebody else, or for nobody, as soon as it has ended.
    """

    member_id: UUID | None = None
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemovedByPatient(Event):
    """The patient, or who represents him, took somebody out; object_id is the period that ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRecorded(Event):
    """A professional let a relative act for the patient; object_id is the delegation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessesSeen(Event):
    """Somebody read or changed the record: the page of who saw it is no longer up to date. For its patient alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfessionalCame(Event):
    """The first access of a professional; object_id is the FirstAccess. For its patient alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAnswered(Event):
    """For its patient alone; object_id is the complaint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAsked(Event):
    """A professional asks to come into the circle; object_id is the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAnswered(Event):
    """Told to who asked, and to nobody else; object_id is the request."""

    practitioner_id: UUID
