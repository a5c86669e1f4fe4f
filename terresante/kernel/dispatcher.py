"""Gives committed events their order, tells the live streams, runs the handlers. One at a time (advisory lock).

A row's turn comes when its transaction id is below the oldest running one: then no row can still appear before it,
whatever the order in which transactions commit.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from terresante.kernel import events, rls, sql
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import Pace
from terresante.kernel.models import HandlerCursor, OutboxEvent, ParkedEvent

log = logging.getLogger(__name__)

LIVE_CHANNEL = "terresante_live"
_LOCK = 7_301_001
_BATCH = 500
_IDLE_SECONDS = 0.03

_NUMBER_READY = """
WITH ready AS (
    SELECT id, row_number() OVER (ORDER BY xid, seq) AS rank
    FROM kernel_outboxevent
    WHERE position IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, seq LIMIT %s
), top AS (SELECT coalesce(max(position), 0) AS position FROM kernel_outboxevent)
UPDATE kernel_outboxevent AS event SET position = top.position + ready.rank
FROM ready, top WHERE event.id = ready.id
RETURNING event.position
"""


# Set by who has just emitted in this process: an event need not wait until it is looked for.
emitted = threading.Event()


def run_forever(stopped: Callable[[], bool]) -> None:
    """Waits for the lock, then works until told to stop; a lost database connection ends the process."""
    pace, is_up_to_date = Pace(_IDLE_SECONDS), False
    while not stopped():
        if not _elected():
            time.sleep(1)
            is_up_to_date = False
            continue
        emitted.clear()
        if numbered := number_ready() or not is_up_to_date:
            run_handlers()
            is_up_to_date = True
        if numbered:
            pace.quicken()
        else:
            pace.wait(emitted)


def step() -> int:
    """One round: number what is ready, announce it, bring every handler up to date. Returns how many were numbered."""
    numbered = number_ready()
    run_handlers()
    return numbered


def number_ready() -> int:
    with rls.acting(Actor.job("dispatcher")), connection.cursor() as cursor:
        cursor.execute(_NUMBER_READY, [_BATCH])
        positions = [row[0] for row in cursor.fetchall()]
        if positions:
            cursor.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, str(max(positions))])
    return len(positions)


def run_handlers() -> None:
    top = _top_position()
    reached = _reached(top)
    while behind := {name: position for name, position in reached.items() if position < top}:
        after = min(behind.values())
        rows = _rows(after, top)
        upto = int(rows[-1].position or top) if len(rows) == _BATCH else top
        for name, position in behind.items():
            kind, handler = events.handlers()[name]
            _advance(name, handler, [row for row in rows if _is_for(row, kind, after=position)], upto=upto)
        HandlerCursor.objects.filter(handler__in=behind, position__lt=upto).update(position=upto)
        reached |= {name: max(position, upto) for name, position in behind.items()}


def _reached(top: int) -> dict[str, int]:
    """The first handlers hear everything; one added by a later release does not replay the past."""
    handlers = events.handlers()
    # A loop may keep how far it has come in the same table: it is no handler.
    cursors = HandlerCursor.objects.filter(handler__in=handlers)
    known = dict(cursors.values_list("handler", "position"))
    unknown = [name for name in handlers if name not in known]
    for name in unknown:
        HandlerCursor.objects.get_or_create(handler=name, defaults={"position": top if known else 0})
    return {name: known.get(name, top if known else 0) for name in handlers}


def _rows(after: int, top: int) -> list[OutboxEvent]:
    with rls.acting(Actor.job("dispatcher")):
        rows = OutboxEvent.objects.filter(position__gt=after, position__lte=top)
        return list(rows.order_by("position")[:_BATCH])


def _is_for(row: OutboxEvent, kind: type[events.Event], *, after: int) -> bool:
    return row.kind == kind.__name__ and (row.position or 0) > after


def _advance(name: str, handler: events.Handler, rows: Sequence[OutboxEvent], *, upto: int) -> None:
    if rows and not _handle(name, handler, rows, upto=upto):
        for row in rows:
            if not _handle(name, handler, [row], upto=row.position or upto):
                _park(name, row)


def _handle(name: str, handler: events.Handler, rows: Sequence[OutboxEvent], *, upto: int) -> bool:
    """The cursor moves in the transaction of what was handled."""
    try:
        with rls.acting(Actor.job(name)):
            handler([events.restore(row) for row in rows])
            HandlerCursor.objects.filter(handler=name).update(position=upto)
    except Exception as error:  # noqa: BLE001 -- whatever a handler does, the order goes on without it
        log.warning("handler %s failed on %d event(s): %s", name, len(rows), type(error).__name__)
        return False
    return True


def _park(name: str, row: OutboxEvent) -> None:
    """Raises DatabaseError: an event that can be neither handled nor parked stops its handler, never vanishes."""
    with transaction.atomic():
        ParkedEvent.objects.get_or_create(handler=name, event=row, defaults={"error": "handler failed"})


def _top_position() -> int:
    with rls.acting(Actor.job("dispatcher")):
        row = (
            OutboxEvent.objects.filter(position__isnull=False)
            .order_by("-position")
            .values("position")
            .first()
        )
    return int(row["position"] or 0) if row else 0


def _elected() -> bool:
    return bool(
        sql.value(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND pid = pg_backend_pid()) OR pg_try_advisory_lock(%s)",
            _LOCK,
            _LOCK,
        )
    )
