from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import close_old_connections

from terresante.kernel import events, ports, rls, sql
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.models import OutboxEvent


@dataclass(frozen=True, slots=True)
class LiveEvent:
    position: int
    event: events.Event

    def as_sse(self) -> bytes:
        """Identifiers only; what they name is asked for by the page, through its own access check."""
        told = {
            "kind": type(self.event).__name__,
            "patient": self.event.patient_id,
            "object": self.event.object_id,
        }
        return b"id: %d\ndata: %s\n\n" % (self.position, orjson.dumps(told))


def last_position() -> int:
    """The position a page is rendered at: its stream starts after it, and what it read is at least as new."""
    if (seen := rls.position_seen()) is not None:
        return seen
    return int(sql.value("SELECT last_event_position()"))


def events_after(position: int, *, until: int | None = None, most: int) -> list[LiveEvent]:
    """In order; an event whose class is gone from the code is passed over."""
    close_old_connections()
    with rls.acting(Actor.job("live", channel=Channel.LIVE), read_only=True):
        rows = OutboxEvent.objects.filter(position__gt=position)
        rows = rows.filter(position__lte=until) if until is not None else rows
        found = list(rows.order_by("position")[:most])
    return [
        LiveEvent(row.position, events.restore(row))
        for row in found
        if row.position is not None and events.kind_named(row.kind) is not None
    ]


def readers(told: Sequence[LiveEvent], connected: Sequence[Actor]) -> list[set[UUID]]:
    """For each event; nobody of an event about no patient."""
    with rls.acting(Actor.job("live", channel=Channel.LIVE), read_only=True):
        return ports.live_readers([each.event for each in told], connected)
