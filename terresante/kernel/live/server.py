"""The ASGI application behind `/live`: one server-sent event stream per browser."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.utils.module_loading import import_string

from terresante.kernel import ports
from terresante.kernel.actor import Actor
from terresante.kernel.live.events import LiveEvent
from terresante.kernel.live.hub import Hub, Subscriber

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

KEEP_ALIVE_SECONDS = 15
# A session ended, an account struck off: the stream asks again who it serves.
RECHECK_SECONDS = 30
# Events of everybody that a stream which comes back is searched for; who was away longer asks for the page again.
# Without a bound any account could have a week of the whole region read, as often as it asks.
MOST_MISSED = 10_000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class LiveServer:
    def __init__(self) -> None:
        self._hub: Hub | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] != "http" or scope["method"] != "GET":
            return await _answer(send, 405)
        actor = await sync_to_async(_actor_of, thread_sensitive=False)(scope)
        if actor is None or _is_of_another(scope, actor):
            return await _answer(send, 401)
        hub = self._started()
        subscriber = await hub.subscribe(actor)
        try:
            if is_too_old(_asked_position(scope), now=hub.position):
                return await _answer(send, 410)
            await _stream(scope, receive, send, hub, subscriber)
        finally:
            hub.leave(subscriber)

    def _started(self) -> Hub:
        if self._hub is None or self._running is None or self._running.done():
            self._hub = Hub()
            self._running = asyncio.create_task(self._hub.run())
        return self._hub


def is_too_old(asked: int | None, *, now: int) -> bool:
    return asked is not None and now - asked > MOST_MISSED


async def _stream(scope: Scope, receive: Receive, send: Send, hub: Hub, subscriber: Subscriber) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await _write(send, b"retry: 2000\n\n")
    now, after = hub.position, _asked_position(scope)
    if after is not None:
        async for event in hub.missed(subscriber.actor, after=after, until=now):
            await _write(send, event.as_sse())
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await _follow(scope, send, subscriber, gone)
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone


async def _follow(scope: Scope, send: Send, subscriber: Subscriber, gone: "asyncio.Task[None]") -> None:
    clock = asyncio.get_running_loop().time
    checked = clock()
    while not gone.done():
        told: list[LiveEvent | None] = []
        with suppress(TimeoutError):
            told = [await asyncio.wait_for(subscriber.queue.get(), KEEP_ALIVE_SECONDS), *subscriber.waiting()]
        if clock() - checked > RECHECK_SECONDS:
            actor = await sync_to_async(_actor_of, thread_sensitive=False)(scope)
            if actor is None:
                break
            subscriber.actor, checked = actor, clock()
        await _write(send, b"".join(event.as_sse() for event in told if event) or b": still here\n\n")
        if None in told:
            break
    with suppress(OSError):
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _actor_of(scope: Scope) -> Actor | None:
    close_old_connections()
    request = ASGIRequest(scope, None)  # type: ignore[arg-type]  # a GET has no body to read
    open_session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    request.session = open_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    actor = ports.actor_behind(request)
    close_old_connections()
    return actor


def _is_of_another(scope: Scope, actor: Actor) -> bool:
    """The page was drawn for another account, whose session has ended since in this browser: it must say so."""
    return _asked(scope, "account") not in ("", str(actor.user_id))


def _asked(scope: Scope, name: str) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("ascii", "replace")).get(name, [""])[0]


def _asked_position(scope: Scope) -> int | None:
    header = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    asked = header or _asked(scope, "after")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _answer(send: Send, status: int) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]}
    )
    await send({"type": "http.response.body", "body": b""})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
