"""What is new, what happened, who has read what. A fact whose object is no longer shown is no longer shown either."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, Func, IntegerField, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from terresante.feed.access import FEED_READ
from terresante.feed.models import FeedItem, ReadCursor
from terresante.kernel import access, compiled, slots
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.kernel.slots import FactLine

# Pages less than this apart belong to one visit.
VISIT = timedelta(minutes=30)
MOST_NEWS_PER_PATIENT = 20
# What waits is counted so far: a page says « plus de 99 ».
MOST_COUNTED = 100


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
    """`since` is None at the first visit. `seen_at` bounds « Tout marquer comme lu » to what was on the page.

    `unread` is counted to `MOST_COUNTED`, and is then that many at least.
    """

    since: datetime | None
    facts: list[Told]
    unread: int
    seen_at: datetime

    @property
    def is_more_than_counted(self) -> bool:
        return self.unread >= MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Visit:
    alerts: list[Told]
    changes: Changes


# An exception says it; else the reader's cursor, when he has one. Of one patient each of the three is asked once.
_WAITS = """({0} NOT IN (SELECT mark.item_id FROM feed_readexception AS mark
                 WHERE mark.patient_id = {1} AND mark.user_id = %s AND mark.is_read)
    AND ({2} > coalesce((SELECT place.read_up_to FROM feed_readcursor AS place
                         WHERE place.patient_id = {1} AND place.user_id = %s), '-infinity')
        OR {0} IN (SELECT mark.item_id FROM feed_readexception AS mark
                   WHERE mark.patient_id = {1} AND mark.user_id = %s AND NOT mark.is_read)))"""


def reader_of(actor: Actor) -> UUID:
    """Whose marks these are. A job or a gateway has none."""
    if actor.user_id is None:
        raise ValueError("only somebody with an account has read or not read")
    return actor.user_id


def unread(actor: Actor, patient_id: UUID | None = None) -> QuerySet[FeedItem]:
    """Facts of others after the reader’s cursor, his exceptions applied."""
    return _of_others(actor, patient_id).filter(_waits(actor, patient_id))


def _of_others(actor: Actor, patient_id: UUID | None) -> QuerySet[FeedItem]:
    return access.list(actor, FEED_READ, FeedItem, patient_id=patient_id).exclude(author_id=actor.user_id)


def _waits(actor: Actor, patient_id: UUID | None) -> SqlCondition | Q:
    me = reader_of(actor)
    waits = SqlCondition(_WAITS, "pk", "patient_id", "recorded_at", values=(me, me, me))
    return waits if patient_id is None else waits.at("patient_id", patient_id)


def unread_by_tab(actor: Actor, patient_id: UUID, *tabs: str) -> dict[str, int]:
    """What each of these tabs counts (`kernel.slots.tab_counts`)."""
    for numbers in _unread_by_tab(actor, patient_id, tabs) if tabs else ():
        return dict(zip(tabs, numbers, strict=True))
    return dict.fromkeys(tabs, 0)


@compiled.rows
def _unread_by_tab(
    actor: Actor, patient_id: UUID, tabs: tuple[str, ...]
) -> QuerySet[FeedItem, tuple[int, ...]]:
    """One row."""
    told = {f"in_{tab}": _how_many(slots.counted[tab], actor, patient_id) for tab in tabs}
    # Of every kind: asked of some kinds alone, the feed of one patient is read by an index that takes twice as long.
    items = unread(actor, patient_id).order_by()
    return items.values(all=Value(1)).annotate(**told).values_list(*told)


def _how_many(counted: slots.Counted, actor: Actor, patient_id: UUID) -> Count:
    what = counted.once(actor, patient_id) if counted.once else "pk"
    return Count(what, filter=Q(kind__in=counted.kinds), distinct=counted.once is not None)


@compiled.rows
def unread_objects(actor: Actor, patient_id: UUID, *kinds: str) -> QuerySet[FeedItem, UUID]:
    """The objects of which a fact of one of these kinds waits."""
    return unread(actor, patient_id).filter(kind__in=kinds).values_list("object_id", flat=True).order_by()


@compiled.number
def unread_number(actor: Actor, patient_id: UUID, *kinds: str) -> QuerySet[FeedItem]:
    """Counted to `MOST_COUNTED`: a tab says « 99+ »."""
    return unread(actor, patient_id).filter(kind__in=kinds).order_by()[:MOST_COUNTED]


@compiled.rows
def unread_about(actor: Actor, patient_id: UUID, kind: str, object_ids: list[UUID]) -> QuerySet[FeedItem]:
    return unread(actor, patient_id).filter(among("object_id", object_ids), kind=kind)


def news_of(
    actor: Actor, patient_ids: Collection[UUID], *, since: datetime | None = None
) -> dict[UUID, list[FeedItem]]:
    """The unread facts of many patients in one query: alerts, then the latest, at most 20 for each."""
    news: dict[UUID, list[FeedItem]] = {patient_id: [] for patient_id in patient_ids}
    for item in _news(actor, list(patient_ids), since):
        news[item.patient_id].append(item)
    return news


@compiled.rows
def _news(actor: Actor, patient_ids: list[UUID], since: datetime | None) -> QuerySet[FeedItem]:
    rank = Window(
        RowNumber(), partition_by=F("patient_id"), order_by=[F("is_alert").desc(), F("recorded_at").desc()]
    )
    items = unread(actor).filter(among("patient_id", patient_ids)).annotate(rank=rank)
    if since:
        items = items.filter(recorded_at__gt=since)
    return items.filter(rank__lte=MOST_NEWS_PER_PATIENT).order_by("patient_id", "rank")


def visit(actor: Actor, patient_id: UUID, *, most: int = 8, most_alerts: int = 5) -> Visit:
    """Alerts that this reader has not acknowledged; then what is unread, and what was recorded since the last
    visit although already read: the latest recorded, in the order they occurred."""
    now = timezone.now()
    items = _changed(actor, patient_id, now - VISIT, most, most_alerts)
    alerts = [item for item in items if item.is_alert and item.waits][:most_alerts]
    latest = {item.pk for item in sorted(items, key=lambda item: item.recorded_at, reverse=True)[:most]}
    shown = {
        fact.item.pk: fact
        for fact in told(actor, items, unread_ids={item.pk for item in items if item.waits})
    }
    return Visit(
        alerts=[shown[item.pk] for item in alerts if item.pk in shown],
        changes=Changes(
            since=items[0].since if items else _last_visit(actor, patient_id, now),
            facts=[shown[item.pk] for item in items if item.pk in latest and item.pk in shown],
            unread=items[0].number if items else 0,
            seen_at=now,
        ),
    )


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
    moment, item = (before.occurred_at, before.item_id) if before else (None, None)
    page = _stretch(actor, patient_id, tuple(kinds), since, until, moment, item, limit + 1)
    last = page[limit - 1] if len(page) > limit else None
    return Stretch(told(actor, page[:limit]), Place(last.occurred_at, last.pk) if last else None)


@compiled.rows
def _stretch(
    actor: Actor,
    patient_id: UUID,
    kinds: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    before_at: datetime | None,
    before_item: UUID | None,
    most: int,
) -> QuerySet[FeedItem]:
    items = _told_between(actor, patient_id, kinds, since, until)
    if before_at:
        items = items.filter(Q(occurred_at__lt=before_at) | Q(occurred_at=before_at, pk__gt=before_item))
    # The key only separates facts of one instant. Who may know of them is asked of the database, not of its answer.
    return items.order_by("-occurred_at", "pk").only("kind", "object_id", "occurred_at", "is_alert")[:most]


@compiled.rows
def kinds_told(
    actor: Actor,
    patient_id: UUID,
    kinds: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    most: int,
) -> QuerySet[FeedItem, str]:
    """Of each fact the actor may know of, its kind, in no order: what is counted beside a `timeline` of the same."""
    return _told_between(actor, patient_id, kinds, since, until).values_list("kind", flat=True)[:most]


def _told_between(
    actor: Actor, patient_id: UUID, kinds: tuple[str, ...], since: datetime | None, until: datetime | None
) -> QuerySet[FeedItem]:
    items = access.list(actor, FEED_READ, FeedItem, patient_id=patient_id)
    if kinds:
        items = items.filter(kind__in=kinds)
    if since:
        items = items.filter(occurred_at__gte=since)
    return items.filter(occurred_at__lt=until) if until else items


def told(
    actor: Actor, items: Iterable[FeedItem], *, unread_ids: Collection[UUID] = (), are_unread: bool = False
) -> list[Told]:
    """Asks each app how its objects read, one query an app; drops the facts whose object the actor cannot read."""
    listed = list(items)
    asked: dict[slots.FactsShown, set[slots.FactKey]] = {}
    for item in listed:
        if item.kind in slots.facts:
            asked.setdefault(slots.facts[item.kind], set()).add((item.kind, item.object_id))
    lines: dict[slots.FactKey, FactLine] = {}
    for function, keys in asked.items():
        lines |= function(actor, keys)
    return [
        Told(item, lines[item.kind, item.object_id], are_unread or item.pk in unread_ids)
        for item in listed
        if (item.kind, item.object_id) in lines
    ]


@compiled.rows
def _changed(
    actor: Actor, patient_id: UUID, this_visit: datetime, most: int, most_alerts: int
) -> QuerySet[FeedItem, Any]:
    """Each fact says if it `waits`, since when the reader was away, and the `number` that wait, counted to 100.

    The latest recorded and the latest alerts that wait, in the order they occurred. Keys are chosen first, by the
    indexes of the feed: ranking a thousand facts to show ten took a quarter of a page (docs/bench.md).
    """
    others, waits = _of_others(actor, patient_id), _waits(actor, patient_id)
    waiting = others.filter(waits).order_by()
    since = Subquery(_visits(actor, patient_id, this_visit))
    is_new = Q(waits=True) | Q(since__isnull=True) | Q(recorded_at__gt=F("since"))
    latest = others.annotate(since=since, waits=waits).filter(is_new).order_by("-recorded_at", "pk")
    alerts = waiting.filter(is_alert=True).order_by("-occurred_at", "pk")
    number = Func(
        ArraySubquery(waiting.values("pk")[:MOST_COUNTED]),
        function="cardinality",
        output_field=IntegerField(),
    )
    return (
        others.filter(pk__in=latest.values("pk")[:most].union(alerts.values("pk")[:most_alerts]))
        .annotate(since=since, waits=waits, number=number)
        .order_by("-occurred_at", "-recorded_at", "pk")
    )


def _last_visit(actor: Actor, patient_id: UUID, now: datetime) -> datetime | None:
    return next(iter(_visits_asked(actor, patient_id, now - VISIT)), None)


@compiled.rows
def _visits_asked(
    actor: Actor, patient_id: UUID, this_visit: datetime
) -> QuerySet[ReadCursor, datetime | None]:
    return _visits(actor, patient_id, this_visit)


def _visits(actor: Actor, patient_id: UUID, this_visit: datetime) -> QuerySet[ReadCursor, datetime | None]:
    """When the visit before the one that runs, if it began after `this_visit`, ended."""
    is_running = When(visited_at__gt=this_visit, then=F("previous_visit_at"))
    cursors = ReadCursor.objects.filter(user_id=reader_of(actor), patient_id=patient_id)
    return cursors.values_list(Case(is_running, default=F("visited_at")), flat=True)
