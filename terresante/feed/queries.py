"""What is new, what happened, who has read what. A fact whose object is no longer shown is no longer shown either."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from terresante.feed.access import FEED_READ
from terresante.feed.models import FeedItem, ReadCursor
from terresante.kernel import access, slots
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition
from terresante.kernel.slots import FactLine

# Pages less than this apart belong to one visit.
VISIT = timedelta(minutes=30)
MOST_NEWS_PER_PATIENT = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with the line its object reads as, now."""

    item: FeedItem
    line: FactLine
    is_unread: bool = False

    @property
    def rest(self) -> str:
        """What follows the bold words: joined as it is when it begins with its own sign."""
        text = self.line.text
        return f" {text}" if text[:1].isalnum() else text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the timeline ended; as text, it stands in the URL of the next one."""

    occurred_at: datetime
    item_id: UUID

    def __str__(self) -> str:
        return f"{self.occurred_at.timestamp():.6f}_{self.item_id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for anything that is not a place: the timeline then starts at its top."""
        moment, _, item = text.partition("_")
        try:
            return cls(datetime.fromtimestamp(float(moment), tz=timezone.get_default_timezone()), UUID(item))
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One page of the timeline; `next_place` is None at the end."""

    facts: list[Told]
    next_place: Place | None


@dataclass(frozen=True, slots=True)
class Changes:
    """`since` is None at the first visit. `seen_at` bounds « Tout marquer comme lu » to what was on the page."""

    since: datetime | None
    facts: list[Told]
    unread: int
    seen_at: datetime


def reader_of(actor: Actor) -> UUID:
    """Whose marks these are. A job or a gateway has none."""
    if actor.user_id is None:
        raise ValueError("only somebody with an account has read or not read")
    return actor.user_id


# A mark on the fact itself decides, else the reader's cursor; without either it is unread.
_IS_UNREAD = """coalesce(
    (SELECT NOT mark.is_read FROM feed_readexception AS mark
     WHERE mark.item_id = {0} AND mark.patient_id = {1} AND mark.user_id = %s),
    NOT EXISTS (SELECT 1 FROM feed_readcursor AS reader
                WHERE reader.patient_id = {1} AND reader.user_id = %s AND reader.read_up_to >= {2}))"""


def unread(actor: Actor) -> QuerySet[FeedItem]:
    """Facts of others, after the reader's cursor, but for his exceptions."""
    reader = reader_of(actor)
    is_unread = SqlCondition(_IS_UNREAD, "pk", "patient_id", "recorded_at", values=(reader, reader))
    return access.list(actor, FEED_READ, FeedItem).exclude(author_id=actor.user_id).filter(is_unread)


def unread_count(actor: Actor, patient_id: UUID, *kinds: str) -> int:
    """Of all kinds when none is named."""
    items = unread(actor).filter(patient_id=patient_id)
    return (items.filter(kind__in=kinds) if kinds else items).count()


def unread_counts(actor: Actor, patient_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = unread(actor).filter(patient_id__in=patient_ids).values("patient_id").annotate(number=Count("pk"))
    return {row["patient_id"]: row["number"] for row in rows.order_by()}


def unread_objects(actor: Actor, patient_id: UUID, kind: str, among: Collection[UUID]) -> set[UUID]:
    items = unread(actor).filter(patient_id=patient_id, kind=kind, object_id__in=among)
    return set(items.values_list("object_id", flat=True))


def news_of(actor: Actor, patient_ids: Collection[UUID]) -> dict[UUID, list[FeedItem]]:
    """The unread facts of many patients in one query: alerts, then the latest, at most 20 for each."""
    rank = Window(
        RowNumber(), partition_by=F("patient_id"), order_by=[F("is_alert").desc(), F("recorded_at").desc()]
    )
    items = unread(actor).filter(patient_id__in=patient_ids).annotate(rank=rank)
    news: dict[UUID, list[FeedItem]] = {patient_id: [] for patient_id in patient_ids}
    for item in items.filter(rank__lte=MOST_NEWS_PER_PATIENT).order_by("patient_id", "rank"):
        news[item.patient_id].append(item)
    return news


def changes_since_last_visit(actor: Actor, patient_id: UUID, *, most: int = 8) -> Changes:
    """What is unread, and what was recorded since the last visit although already read: the
    latest recorded, in the order they occurred."""
    now = timezone.now()
    since = _last_visit(actor, patient_id, now)
    news = unread(actor).filter(patient_id=patient_id)
    recent = (
        access.list(actor, FEED_READ, FeedItem).filter(patient_id=patient_id).exclude(author_id=actor.user_id)
    )
    waiting = set(news.order_by("-recorded_at", "pk").values_list("pk", flat=True)[:most])
    shown = recent.filter(Q(pk__in=waiting) | Q(recorded_at__gt=since)) if since else recent
    items = sorted(
        shown.order_by("-recorded_at", "pk")[:most], key=lambda item: item.occurred_at, reverse=True
    )
    return Changes(since, told(actor, items, unread_ids=waiting), news.count(), now)


def alerts_to_see(actor: Actor, patient_id: UUID, *, most: int = 5) -> list[Told]:
    """Alerts that this reader has not acknowledged."""
    items = unread(actor).filter(patient_id=patient_id, is_alert=True).order_by("-occurred_at", "pk")[:most]
    return told(actor, items, are_unread=True)


def timeline(
    actor: Actor,
    patient_id: UUID,
    *,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> Stretch:
    """The latest first; `since` is included, `until` is not."""
    items = access.list(actor, FEED_READ, FeedItem).filter(patient_id=patient_id)
    if kinds:
        items = items.filter(kind__in=kinds)
    if since:
        items = items.filter(occurred_at__gte=since)
    if until:
        items = items.filter(occurred_at__lt=until)
    if before:
        items = items.filter(
            Q(occurred_at__lt=before.occurred_at) | Q(occurred_at=before.occurred_at, pk__gt=before.item_id)
        )
    # The key only separates facts of one instant.
    page = list(items.order_by("-occurred_at", "pk")[: limit + 1])
    last = page[limit - 1] if len(page) > limit else None
    return Stretch(told(actor, page[:limit]), Place(last.occurred_at, last.pk) if last else None)


def told(
    actor: Actor, items: Iterable[FeedItem], *, unread_ids: Collection[UUID] = (), are_unread: bool = False
) -> list[Told]:
    """Asks each app how its objects read, one query a kind; drops the facts whose object the actor cannot read."""
    listed = list(items)
    objects: dict[str, set[UUID]] = {}
    for item in listed:
        objects.setdefault(item.kind, set()).add(item.object_id)
    lines = {kind: slots.facts[kind](actor, ids) for kind, ids in objects.items() if kind in slots.facts}
    return [
        Told(item, lines[item.kind][item.object_id], are_unread or item.pk in unread_ids)
        for item in listed
        if item.object_id in lines.get(item.kind, {})
    ]


def _last_visit(actor: Actor, patient_id: UUID, now: datetime) -> datetime | None:
    cursor = ReadCursor.objects.filter(user_id=reader_of(actor), patient_id=patient_id).first()
    if cursor is None or cursor.visited_at is None:
        return None
    return cursor.previous_visit_at if now - cursor.visited_at < VISIT else cursor.visited_at
