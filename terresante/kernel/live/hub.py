"""One per process: hears the database once, asks once who may read what it heard, hands it to their streams."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import psycopg
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.dispatcher import LIVE_CHANNEL
from terresante.kernel.live.events import LiveEvent, events_after, last_position, readers

log = logging.getLogger(__name__)

_QUEUE = 1000
_BATCH = 200
_RETRY_SECONDS = 2
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(eq=False, slots=True)
class Subscriber:
    """One browser's stream; `queue` ends with None when the stream must be closed and opened again."""

    actor: Actor
    queue: asyncio.Queue[LiveEvent | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE))

    def waiting(self) -> list[LiveEvent | None]:
        """What has come and was not taken yet."""
        return [self.queue.get_nowait() for _ in range(self.queue.qsize())]

    def give(self, event: LiveEvent | None) -> None:
        if self.queue.full():
            # Too slow: the browser comes back with its last position and loses nothing.
            while not self.queue.empty():
                self.queue.get_nowait()
            event = None
        self.queue.put_nowait(event)


class Hub:
    def __init__(self) -> None:
        self.position = 0
        self._subscribers: set[Subscriber] = set()
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. A lost database closes every stream, so that each screen says so and comes back."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, DatabaseError) as error:
                log.warning("live: the database is lost (%s), trying again", type(error).__name__)
            self._ready.clear()
            for subscriber in self._subscribers:
                subscriber.give(None)
            await asyncio.sleep(_RETRY_SECONDS)

    async def subscribe(self, actor: Actor) -> Subscriber:
        await self._ready.wait()
        subscriber = Subscriber(actor)
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    async def missed(self, actor: Actor, *, after: int, until: int) -> AsyncIterator[LiveEvent]:
        """What this actor may read of the events a broken stream did not bring."""
        while after < until:
            events = await _asked(events_after, after, until=until, most=_BATCH)
            for event, reached in zip(events, await _readers(events, [actor]), strict=True):
                if actor.correlation_id in reached:
                    yield event
            after = events[-1].position if len(events) == _BATCH else until

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            **_connection_parameters(), autocommit=True
        ) as listening:
            await listening.execute(f"LISTEN {LIVE_CHANNEL}")
            if not self.position:
                self.position = await _asked(last_position)
            self._ready.set()
            await self._publish()
            async for _ in listening.notifies():
                await self._publish()

    async def _publish(self) -> None:
        while True:
            events = await _asked(events_after, self.position, most=_BATCH)
            if events:
                await self._hand_out(events)
            if len(events) < _BATCH:
                return

    async def _hand_out(self, events: list[LiveEvent]) -> None:
        """Who joins meanwhile is not among these: he asks for what he missed up to `position`, these included."""
        subscribers, self.position = list(self._subscribers), events[-1].position
        told = await _readers(events, [each.actor for each in subscribers]) if subscribers else []
        for event, reached in zip(events, told, strict=bool(subscribers)):
            for subscriber in subscribers:
                if subscriber.actor.correlation_id in reached:
                    subscriber.give(event)


async def _readers(events: list[LiveEvent], actors: list[Actor]) -> list[set[UUID]]:
    return await _asked(readers, events, actors)


async def _asked(question: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """In any thread, which then gives its connection back: of these the pool has fewer than there are threads."""

    def ask() -> R:
        try:
            return question(*args, **kwargs)
        finally:
            rls.let_go()

    return await sync_to_async(ask, thread_sensitive=False)()


def _connection_parameters() -> dict[str, Any]:
    """As Django connects, without its pool: LISTEN needs a connection of its own (STACK.md 2)."""
    parameters = connection.get_connection_params()
    return {
        key: parameters[key] for key in ("dbname", "user", "password", "host", "port") if parameters.get(key)
    }
