"""Written by the actions of the apps above, in their transaction and under their audit row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from terresante.care_team.enums import DataClass
from terresante.care_team.queries import open_record
from terresante.feed.access import ALERT_ACKNOWLEDGE, FEED_MARK_READ
from terresante.feed.enums import ALERTS, FeedKind
from terresante.feed.models import FeedItem, ReadCursor, ReadException
from terresante.feed.queries import VISIT, reader_of, unread, unread_about
from terresante.kernel import access, audit, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.ids import new_id

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# A fact recorded this long ago is committed: the cursor never passes one that is still on its way.
SETTLED = timedelta(minutes=1)
_VISITED = """
INSERT INTO feed_readcursor AS own (id, user_id, patient_id, read_up_to, visited_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (patient_id, user_id) DO UPDATE SET visited_at = excluded.visited_at,
    previous_visit_at = CASE WHEN own.visited_at <= %s THEN own.visited_at ELSE own.previous_visit_at END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    patient_id: UUID
    kind: FeedKind
    object_id: UUID
    occurred_at: datetime
    data_class: DataClass
    private_to_id: UUID | None = None
    private_to_person_id: UUID | None = None
    hidden_from_patient: bool = False
    sector: str = ""
    restricted_to_id: UUID | None = None
    hidden_from_representative: bool = False
    # False for an alert that comes too late to be one (DESIGN.md 6): it only enters the timeline.
    alerts: bool = True


def tell(actor: Actor, fact: Fact) -> FeedItem:
    """Adds the fact to its patient's feed; telling the same fact again changes nothing.

    The item is the stored one only when the fact was not told before.
    """
    return tell_together(actor, [fact])[0]


def tell_together(actor: Actor, facts: Sequence[Fact]) -> list[FeedItem]:
    items = [
        FeedItem(
            patient_id=fact.patient_id,
            kind=fact.kind,
            object_id=fact.object_id,
            author_id=actor.user_id,
            data_class=fact.data_class,
            **_what_may_change(fact),
        )
        for fact in facts
    ]
    together.insert(items, or_ignore=True)
    return items


def revise_together(revisions: Sequence[tuple[FeedItem, Fact]]) -> None:
    """Corrects facts already told, silently: they stay read where they were read."""
    for item, fact in revisions:
        for name, value in _what_may_change(fact).items():
            setattr(item, name, value)
    together.update([item for item, _ in revisions])


def _what_may_change(fact: Fact) -> dict[str, Any]:
    return {
        "occurred_at": fact.occurred_at,
        "private_to_id": fact.private_to_id,
        "private_to_person_id": fact.private_to_person_id,
        "hidden_from_patient": fact.hidden_from_patient,
        "sector": fact.sector,
        "restricted_to_id": fact.restricted_to_id,
        "hidden_from_representative": fact.hidden_from_representative,
        "is_alert": fact.alerts and fact.kind in ALERTS,
    }


def limit_again(patient_id: UUID, fact: Fact) -> None:
    """Copies the limits that an object has now onto every fact told of it. Silently: nothing becomes unread."""
    told = FeedItem.objects.filter(patient_id=patient_id, object_id=fact.object_id)
    revise_together([(item, fact) for item in told])


def withdraw(patient_id: UUID, object_id: UUID) -> int:
    """Takes back all that was told of an object; returns how many facts."""
    return FeedItem.objects.filter(patient_id=patient_id, object_id=object_id).delete()[0]


def withdraw_together(items: Sequence[FeedItem]) -> None:
    if items:
        FeedItem.objects.filter(pk__in=[item.pk for item in items]).delete()


@action
def acknowledge_alert(actor: Actor, record_id: UUID, item_id: UUID) -> FeedItem:
    """« J’ai vu », for the reader alone: the alert still waits for the others of the circle."""
    patient_id = open_record(actor, record_id).patient.pk
    item = access.get(actor, ALERT_ACKNOWLEDGE, FeedItem, item_id)
    if item.patient_id != patient_id:
        raise NotFound
    mark_read(actor, item)
    audit.record(actor, ALERT_ACKNOWLEDGE, patient_id=patient_id, about=item)
    return item


@action
def mark_all_read(actor: Actor, record_id: UUID, *, seen_at: datetime) -> None:
    """Everything recorded up to `seen_at`, what its page showed; alerts are acknowledged one by one."""
    patient_id = open_record(actor, record_id).patient.pk
    mark_read(actor, *unread(actor, patient_id).filter(is_alert=False, recorded_at__lte=seen_at))
    audit.record(actor, FEED_MARK_READ, patient_id=patient_id)


def mark_visited(actor: Actor, patient_id: UUID) -> None:
    """Run after a page was read, in the transaction of its audit row (DESIGN.md 4), as `mark_read` is."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_VISITED, [new_id(), reader_of(actor), patient_id, NEVER, now, now - VISIT])


def mark_read(actor: Actor, *items: FeedItem) -> None:
    marks = [
        ReadException(user_id=reader_of(actor), patient_id=item.patient_id, item=item, is_read=True)
        for item in items
    ]
    ReadException.objects.bulk_create(
        marks,
        update_conflicts=True,
        unique_fields=["patient", "user", "item"],
        update_fields=["is_read"],
    )
    for patient_id in {item.patient_id for item in items}:
        _advance(actor, patient_id)


def mark_objects_read(actor: Actor, patient_id: UUID, kind: FeedKind, object_ids: Iterable[UUID]) -> None:
    """For the page that has just shown these objects whole."""
    mark_read(actor, *unread_about(actor, patient_id, kind, list(object_ids)))


def _advance(actor: Actor, patient_id: UUID) -> None:
    """Moves the cursor up to the first unread fact and forgets the exceptions it makes useless."""
    settled = timezone.now() - SETTLED
    waiting = unread(actor, patient_id).filter(recorded_at__lte=settled).order_by("recorded_at").first()
    read_up_to = waiting.recorded_at - timedelta(microseconds=1) if waiting else settled
    mine = {"user_id": reader_of(actor), "patient_id": patient_id}
    if not ReadCursor.objects.filter(**mine, read_up_to__lt=read_up_to).update(read_up_to=read_up_to):
        ReadCursor.objects.get_or_create(**mine, defaults={"read_up_to": read_up_to})
    ReadException.objects.filter(**mine, is_read=True, item__recorded_at__lte=read_up_to).delete()
