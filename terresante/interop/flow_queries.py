"""What senders send, in numbers; never a message."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.utils import timezone

from terresante.interop.access import SENDER_MANAGE
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.flows import Bars, bars, delay_words, hour_label, refusal_words
from terresante.interop.models import SenderSystem
from terresante.kernel import access, sql
from terresante.kernel.actor import Actor
from terresante.kernel.enums import OutboundChannel, OutboundState
from terresante.kernel.models import OutboundMessage
from terresante.kernel.ui.wording import long_date

_PARIS = ZoneInfo("Europe/Paris")
_DAYS = 7
_HOURS = 24
_ACTIVITY = (
    "SELECT sender_id, last_received_at, waiting, oldest_waiting_at, held, doubtful, failed, refused,"
    " median_seconds, late_seconds FROM sender_activity()"
)
_SENT_BY_DAY = (
    "SELECT sender_id, (hour AT TIME ZONE 'Europe/Paris')::date, sum(received)::bigint FROM sender_hours()"
    " GROUP BY 1, 2"
)
_SENT_BY_HOUR = "SELECT hour, message_type, received FROM sender_hours() WHERE sender_id = %s"
_ERRORS = "SELECT state, outcome, mark, messages, last_received_at FROM sender_errors(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """`waiting` and what follows are of now; `refused` is of seven days. Delays in seconds, from the reception to the
    application of the last thousand messages.
    """

    last_received_at: datetime | None = None
    waiting: int = 0
    oldest_waiting_at: datetime | None = None
    held: int = 0
    doubtful: int = 0
    failed: int = 0
    refused: int = 0
    median_seconds: float | None = None
    late_seconds: float | None = None

    @property
    def to_look_at(self) -> bool:
        return bool(self.held or self.doubtful or self.failed or self.refused)

    @property
    def median(self) -> str:
        return delay_words(self.median_seconds)

    @property
    def late(self) -> str:
        return delay_words(self.late_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderLine:
    sender: SenderSystem
    activity: Activity
    days: Mapping[date, int] = field(default_factory=dict)
    is_silent: bool
    today: date

    @property
    def of_the_day(self) -> int:
        return self.days.get(self.today, 0)

    @property
    def of_the_week(self) -> int:
        return sum(self.days.get(day, 0) for day in self._week)

    @property
    def bars(self) -> Bars:
        return bars([(long_date(day), self.days.get(day, 0)) for day in self._week])

    @property
    def _week(self) -> list[date]:
        return [self.today - timedelta(days=ago) for ago in reversed(range(_DAYS))]

    @property
    def heard_at(self) -> datetime:
        return self.activity.last_received_at or self.sender.registered_at


def senders_at_work(actor: Actor, *, now: datetime | None = None) -> list[SenderLine]:
    """By the name of the establishment, then of the software. Empty for who does not administer. Three statements."""
    at = now or timezone.now()
    rows = access.list(actor, SENDER_MANAGE, SenderSystem).select_related("organization")
    told = _activities()
    days: dict[UUID, dict[date, int]] = defaultdict(dict)
    for key, day, received in sql.rows(_SENT_BY_DAY):
        days[key][day] = received
    return [
        _line(row, told.get(row.pk, Activity()), days[row.pk], at)
        for row in rows.order_by("organization__name", "name", "pk")
    ]


def _line(row: SenderSystem, activity: Activity, days: Mapping[date, int], at: datetime) -> SenderLine:
    heard_at = activity.last_received_at or row.registered_at
    is_silent = bool(row.active and row.silence_hours) and heard_at < at - timedelta(hours=row.silence_hours)
    return SenderLine(
        sender=row, activity=activity, days=days, is_silent=is_silent, today=at.astimezone(_PARIS).date()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKind:
    """Messages of seven days that ended alike: why, in words, with the code and the place of a refusal."""

    state: str
    why: str
    mark: str
    messages: int
    last_received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    line: SenderLine
    hours: Bars
    # By type of message, over seven days, the most frequent first.
    types: tuple[tuple[str, int], ...]
    errors: tuple[ErrorKind, ...]
    # Business acknowledgements of seven days, by what became of them.
    sent_back: Mapping[str, int]

    # Of those that were abandoned, the ones that may be sent again.
    again: int

    @property
    def returned(self) -> int:
        return self.sent_back.get(OutboundState.SENT, 0)

    @property
    def to_return(self) -> int:
        return self.sent_back.get(OutboundState.WAITING, 0)

    @property
    def not_returned(self) -> int:
        return self.sent_back.get(OutboundState.ABANDONED, 0)


def flow_of(actor: Actor, sender: SenderSystem, *, now: datetime | None = None) -> Flow:
    """Of a sender that the actor may manage."""
    at = now or timezone.now()
    by_hour: dict[datetime, int] = defaultdict(int)
    by_day: dict[date, int] = defaultdict(int)
    by_type: dict[str, int] = defaultdict(int)
    for hour, kind, received in sql.rows(_SENT_BY_HOUR, str(sender.pk)):
        by_hour[hour] += received
        by_day[hour.astimezone(_PARIS).date()] += received
        by_type[kind or "illisible"] += received
    this_hour = at.replace(minute=0, second=0, microsecond=0)
    last = [this_hour - timedelta(hours=ago) for ago in reversed(range(_HOURS))]
    return Flow(
        line=_line(sender, _activities().get(sender.pk, Activity()), by_day, at),
        hours=bars([(hour_label(hour.astimezone(_PARIS)), by_hour.get(hour, 0)) for hour in last]),
        types=tuple(sorted(by_type.items(), key=lambda pair: (-pair[1], pair[0]))),
        errors=tuple(_error(*row) for row in sql.rows(_ERRORS, str(sender.pk))),
        sent_back=_sent_back(sender, at),
        again=len(abandoned(sender, now=at)),
    )


def abandoned(sender: SenderSystem, *, now: datetime | None = None) -> list[UUID]:
    """Business acknowledgements of seven days that no longer leave by themselves, the oldest first; without the
    refusal of a document that was filed later on, which its acknowledgement took the place of.
    """
    queued = _queued(sender, now or timezone.now())
    given_up = queued.filter(state=OutboundState.ABANDONED).exclude(body=b"")
    held = list(given_up.order_by("created_at", "pk").values_list("pk", "dedupe_key"))
    later = {key: f"{key.removesuffix(':no')}:yes" for _, key in held if key.endswith(":no")}
    filed = set(queued.filter(dedupe_key__in=later.values()).values_list("dedupe_key", flat=True))
    return [pk for pk, key in held if later.get(key) not in filed]


def _sent_back(sender: SenderSystem, at: datetime) -> dict[str, int]:
    return dict(_queued(sender, at).order_by().values_list("state").annotate(Count("pk")))


def _queued(sender: SenderSystem, at: datetime) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(
        channel=OutboundChannel.PEER,
        recipient=str(sender.pk),
        created_at__gt=at - timedelta(days=_DAYS),
    )


def _error(state: str, outcome: str, mark: str, messages: int, last: datetime) -> ErrorKind:
    why = refusal_words(mark) or MessageOutcome(outcome).label
    return ErrorKind(
        state=MessageState(state).label, why=why, mark=mark, messages=messages, last_received_at=last
    )


def _activities() -> dict[UUID, Activity]:
    names = (
        "last_received_at", "waiting", "oldest_waiting_at", "held", "doubtful", "failed", "refused",
        "median_seconds", "late_seconds",
    )  # fmt: skip
    return {key: Activity(**dict(zip(names, told, strict=True))) for key, *told in sql.rows(_ACTIVITY)}
