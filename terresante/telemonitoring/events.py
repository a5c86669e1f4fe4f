from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpStarted(Event):
    """object_id is the follow-up; so it is of the three below."""

    cell_id: UUID | None = None
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpChanged(Event):
    """Something that the board shows of it: an answer, a silence, a state."""

    cell_id: UUID | None = None
    colour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpMoved(Event):
    """Its dates are others: told to the person."""

    cell_id: UUID | None = None
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpEnded(Event):
    cell_id: UUID | None = None
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDue(Event):
    """A questionnaire opens; object_id is what is expected. `by_sms`: a text message leaves, with the link."""

    by_sms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStillDue(Event):
    """The same one is asked for again."""

    by_sms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOpened(Event):
    """object_id is the alert; so it is of the two below."""

    follow_up_id: UUID | None = None
    colour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTaken(Event):
    follow_up_id: UUID | None = None
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertClosed(Event):
    follow_up_id: UUID | None = None
    by_user_id: UUID | None = None
