"""The listener's store: one batch, one INSERT, one commit; only then are its messages acknowledged."""

import asyncio
import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from terresante.interop.actions import welcome_authority
from terresante.interop.digests import SEALED_FOR, ipp_digest
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.hl7v2.grammar import Code, Refusal
from terresante.interop.hl7v2.same_person import BY_MATRICULE
from terresante.interop.hl7v2.triggers import ACKNOWLEDGEMENT_EVENTS
from terresante.interop.mllp.intake import Outcome, Received, Store
from terresante.interop.mllp.listener import Peer, SenderDirectory
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.sealing import seal
from terresante.kernel.together import insert

FOREIGN_AUTHORITY = Refusal(
    Code.REJECTED,
    "103",
    "PID^1^3",
    "L’autorité des identifiants du message (PID-3) est celle d’un autre établissement, ou une de trop "
    "pour cet émetteur : faites-la déclarer, puis renvoyez le message.",
)
NOT_DECLARED = Refusal(
    Code.REJECTED,
    "201",
    "MSH^1^9",
    "Cet émetteur n’est pas déclaré pour ce type de message : faites-le déclarer, puis renvoyez le message.",
)
# Where a refusal stands when the content itself could not be read: the frame, the header, the character set.
_UNREADABLE_AT = frozenset({"", "MSH", "MSH^1^18"})
_STORED = Outcome()
_AUTHORITY_LENGTH = 80


@dataclass(frozen=True, slots=True)
class _Known:
    """A sender, the authorities it may speak for, and the trigger events it may send; empty: all."""

    key: UUID
    authorities: frozenset[str]
    triggers: frozenset[str]

    def may_name(self, authority: str) -> bool:
        """A person known by her matricule alone is one of the sender's own, whoever it is."""
        return authority in self.authorities or (authority == BY_MATRICULE and bool(self.authorities))


class MessageStore:
    """Knows the senders as they were when last told (`know`)."""

    def __init__(self, senders: Iterable[SenderSystem]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mllp-store")
        self._known: dict[str, _Known] = {}
        # Refused once, not asked again until the senders are told again.
        self._foreign: set[tuple[str, str]] = set()
        self._by_port: dict[int, str] = {}
        self._by_fingerprint: dict[str, str] = {}
        self.know(senders)

    def know(self, senders: Iterable[SenderSystem]) -> None:
        """These and no others: one that is gone may still hold a connection, and speaks for nobody on it."""
        told = list(senders)
        gone = {key: replace(known, authorities=frozenset()) for key, known in self._known.items()}
        self._known = gone | {str(sender.pk): _known(sender) for sender in told}
        self._foreign = set()
        self._by_port = {sender.port: str(sender.pk) for sender in told if sender.port}
        self._by_fingerprint = {sender.fingerprint: str(sender.pk) for sender in told if sender.fingerprint}

    @property
    def ports(self) -> list[int]:
        return sorted(self._by_port)

    def sender_of(self, peer: Peer) -> str | None:
        """A certificate decides alone: a sender known by it is not let in by a port."""
        if peer.fingerprint:
            return self._by_fingerprint.get(peer.fingerprint)
        return self._by_port.get(peer.port)

    def doors(self) -> tuple[Store, SenderDirectory]:
        """The store in a thread of its own, so that it keeps one connection and the listener keeps listening."""
        return sync_to_async(self.store, thread_sensitive=False, executor=self._thread), self.sender_of

    async def renew(self) -> None:
        """Asks the database which senders there are, in the store's own thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._renew)

    def _renew(self) -> None:
        close_old_connections()
        self.know(active_senders())

    def close(self) -> None:
        """Gives back the thread and its database connection, once the listener has stopped."""
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()

    def store(self, items: list[Received]) -> list[Outcome]:
        """A duplicate (same sender, control id and content) is acknowledged like the first, and not kept twice."""
        close_old_connections()
        return self.keep(items)

    def keep(self, items: list[Received]) -> list[Outcome]:
        """`store` inside the caller's transaction."""
        for item in items:
            self._welcome(item)
        refusals = [self._refusal(item) for item in items]
        rows = [self._row(item, refusal) for item, refusal in zip(items, refusals, strict=True)]
        with rls.acting(Actor.job("mllp", channel=Channel.MLLP)):
            insert(rows, or_ignore=True)
        return [Outcome(refusal) if refusal else _STORED for refusal in refusals]

    def _welcome(self, item: Received) -> None:
        """The first message under an authority that nobody has makes it its sender's."""
        if self._refusal(item) is not FOREIGN_AUTHORITY:
            return
        known = self._known[item.sender]
        authority = next((key.authority for key in item.envelope.identity_keys if key.authority), "")
        if not 0 < len(authority) <= _AUTHORITY_LENGTH or (item.sender, authority) in self._foreign:
            return
        job = Actor.job("mllp", channel=Channel.MLLP)
        with rls.acting(job):
            is_welcome = welcome_authority(job, known.key, authority)
        if is_welcome:
            self._known[item.sender] = replace(known, authorities=known.authorities | {authority})
        else:
            self._foreign.add((item.sender, authority))

    def _refusal(self, item: Received) -> Refusal | None:
        return _refusal(self._known[item.sender], item)

    def _row(self, item: Received, refusal: Refusal | None) -> InboundMessage:
        known, envelope = self._known[item.sender], item.envelope
        state, outcome = _first_state(refusal)
        return InboundMessage(
            sender_id=known.key,
            control_id=_text(envelope.control_id, 200),
            content_hash=hashlib.sha256(item.raw).digest(),
            received_at=item.received_at,
            sealed_raw=seal(item.raw, context=SEALED_FOR),
            message_type=_text(envelope.message_type, 10),
            trigger=_text(envelope.trigger, 10),
            identity_keys=[
                ipp_digest(key.value, key.authority)
                for key in envelope.identity_keys
                if known.may_name(key.authority)
            ],
            state=state.value,
            outcome=outcome.value,
            remarks=[f"{refusal.code} {refusal.condition} {refusal.location}"[:60]] if refusal else [],
        )


def refusal_of(sender: SenderSystem, item: Received) -> Refusal | None:
    """What the door would say, without an authority that it would welcome."""
    return _refusal(_known(sender), item)


def _refusal(known: _Known, item: Received) -> Refusal | None:
    """The door's own reason first; then whether this sender may speak for these identifiers."""
    if item.refusal is not None:
        return item.refusal
    if known.triggers and item.envelope.trigger not in known.triggers:
        return NOT_DECLARED
    if item.envelope.message_type in ACKNOWLEDGEMENT_EVENTS:
        return None
    may_speak = any(known.may_name(key.authority) for key in item.envelope.identity_keys)
    return None if may_speak else FOREIGN_AUTHORITY


def _known(sender: SenderSystem) -> _Known:
    authorities = frozenset(domain.authority for domain in sender.domains.all())
    return _Known(sender.pk, authorities, frozenset(sender.triggers))


def active_senders() -> list[SenderSystem]:
    return list(SenderSystem.objects.filter(active=True).prefetch_related("domains").order_by("name"))


def _first_state(refusal: Refusal | None) -> tuple[MessageState, MessageOutcome]:
    if refusal is None:
        return MessageState.RECEIVED, MessageOutcome.NONE
    if refusal is FOREIGN_AUTHORITY:
        return MessageState.REFUSED, MessageOutcome.FOREIGN_AUTHORITY
    if refusal is NOT_DECLARED:
        return MessageState.REFUSED, MessageOutcome.NOT_DECLARED
    if refusal.location in _UNREADABLE_AT:
        return MessageState.UNREADABLE, MessageOutcome.NOT_READABLE
    return MessageState.REFUSED, MessageOutcome.NOT_ACCEPTED


def _text(value: str, most: int) -> str:
    """PostgreSQL holds no NUL in a text."""
    return value.replace("\x00", "")[:most]
