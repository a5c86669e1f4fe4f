"""From a frame to what is stored, and from what was stored to the answer. No socket here."""

import asyncio
import datetime
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.ack import acknowledgement
from terresante.interop.hl7v2.carried import Carried
from terresante.interop.hl7v2.envelope import Envelope, IdentityKey, envelope, envelope_of
from terresante.interop.hl7v2.examination import examined
from terresante.interop.hl7v2.grammar import NOT_RECORDED, Refusal, reservations

logger = logging.getLogger(__name__)

_FAILURES_BEFORE_GIVING_UP = 3


@dataclass(frozen=True, slots=True)
class Received:
    """One message, refused ones included: their raw bytes are kept too. `message` is None when unreadable."""

    sender: str
    raw: bytes
    received_at: datetime.datetime
    envelope: Envelope
    message: er7.Message | None = None
    refusal: Refusal | None = None
    # Of one that is accepted, what its sender is told all the same.
    reservations: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the store says of one message, once committed: without a refusal it is acknowledged AA."""

    refusal: Refusal | None = None


Store = Callable[[list[Received]], Awaitable[list[Outcome]]]


def received(sender: str, raw: bytes, *, refusal: Refusal | None = None) -> Received:
    """`refusal` when the transport already knows it is no whole message."""
    now = datetime.datetime.now(datetime.UTC)
    if refusal is not None:
        return Received(sender, raw, now, envelope(raw), None, refusal)
    found = examined(raw)
    if isinstance(found, Refusal):
        return Received(sender, raw, now, envelope(raw), None, found)
    known = envelope_of(found.message)
    told = (*reservations(found.message), *(found.carried.reservations if found.carried else ()))
    return Received(sender, raw, now, _of_document(known, found.carried), found.message, reservations=told)


def _of_document(known: Envelope, carried: Carried | None) -> Envelope:
    """A sender of documents may give the person's number in the document only."""
    if carried is None:
        return known
    keys = (IdentityKey(each.value, each.authority.key) for each in carried.local_ids)
    return replace(known, identity_keys=tuple(dict.fromkeys([*known.identity_keys, *keys])))


def answer(item: Received, outcome: Outcome) -> bytes:
    """The first reason wins: a message refused at the door is never acknowledged AA."""
    refusal = item.refusal or outcome.refusal
    return acknowledgement(item.envelope, *([refusal] if refusal else item.reservations))


class Batcher:
    """Gathers what arrives on every connection within `gather_for` seconds into one call of the store.

    One batch at a time, in order of arrival: the order within a patient is the order on the wire.
    """

    def __init__(self, store: Store, *, gather_for: float, largest: int) -> None:
        self._store = store
        self._gather_for = gather_for
        self._largest = largest
        self._waiting: asyncio.Queue[tuple[Received, asyncio.Future[Outcome]]] = asyncio.Queue()

    def submit(self, item: Received) -> "asyncio.Future[Outcome]":
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, future))
        return future

    async def run(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            await asyncio.sleep(self._gather_for)
            while len(batch) < self._largest and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            outcomes = await self._stored([item for item, _ in batch])
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)

    async def _stored(self, items: list[Received]) -> list[Outcome]:
        """A batch that fails is tried again message by message, so that one bad message harms no other."""
        outcomes = await self._attempt(items)
        if outcomes is not None:
            return outcomes
        if len(items) == 1:
            return [Outcome(NOT_RECORDED)]
        results: list[Outcome] = []
        failures = 0
        for item in items:
            single = await self._attempt([item]) if failures < _FAILURES_BEFORE_GIVING_UP else None
            failures = failures + 1 if single is None else 0
            results += single or [Outcome(NOT_RECORDED)]
        return results

    async def _attempt(self, items: list[Received]) -> list[Outcome] | None:
        try:
            outcomes = await self._store(items)
        except Exception as error:  # noqa: BLE001  # whatever the store's fault, the senders are told to resend
            # Neither the text nor the traceback: a database error quotes the row.
            logger.error("mllp: %d message(s) not stored, %s", len(items), type(error).__name__)
            return None
        if len(outcomes) != len(items):
            logger.error("mllp: %d message(s) stored, %d outcome(s) given", len(items), len(outcomes))
            return None
        return outcomes
