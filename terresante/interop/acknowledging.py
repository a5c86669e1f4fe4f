"""Business acknowledgements asked by a sender of documents: queued with what became of the document, sent after it."""

from collections.abc import Iterable

from django.utils import timezone

from terresante.interop.digests import SEALED_FOR
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.hl7v2.envelope import envelope_of
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.triggers import DOCUMENT_EVENTS
from terresante.interop.hl7v2.zam import (
    INFECTED,
    NO_RECORD,
    NOT_TAKEN,
    OTHER_CONTENT,
    SET_ASIDE,
    NotFiled,
    asks_reception,
    business_acknowledgement,
)
from terresante.interop.models import InboundMessage
from terresante.kernel.outbound import queue_peer
from terresante.kernel.sealing import unseal

# A doubt, a failure, what is held: nothing is said until it is settled.
_FILED = (MessageState.APPLIED, MessageState.IGNORED)
# One word for somebody unknown and for somebody who opposes: a hospital is not told which.
_NOWHERE = (MessageState.NO_CANDIDATE, MessageState.OPPOSED)
_WORDS = {
    MessageOutcome.INFECTED: INFECTED,
    MessageOutcome.OTHER_CONTENT: OTHER_CONTENT,
    MessageOutcome.SET_ASIDE: SET_ASIDE,
}
_ENDED = (MessageState.REFUSED, MessageState.UNREADABLE, MessageState.PUT_ASIDE)


def acknowledge(settled: Iterable[tuple[InboundMessage, MessageState, MessageOutcome]]) -> None:
    """In the transaction that settles them. Each verdict on a message is told once, under one message id for ever: a
    document without a record is refused at once, and acknowledged if a record comes to take it.
    """
    for row, state, outcome in settled:
        if not row.sender.return_host or row.message_type not in DOCUMENT_EVENTS or not row.sealed_raw:
            continue
        if state not in (*_FILED, *_NOWHERE, *_ENDED):
            continue
        not_filed = _why_not(state, outcome)
        text = _written(row, not_filed)
        if text:
            verdict = "no" if not_filed else "yes"
            queue_peer(peer=str(row.sender_id), text=text, dedupe_key=f"zam:{row.pk}:{verdict}")


def _why_not(state: MessageState, outcome: MessageOutcome) -> NotFiled | None:
    if state in _FILED:
        return None
    return NO_RECORD if state in _NOWHERE else _WORDS.get(outcome, NOT_TAKEN)


def _written(row: InboundMessage, not_filed: NotFiled | None) -> str:
    message = examine(unseal(row.sealed_raw, context=SEALED_FOR))
    if isinstance(message, Refusal) or not asks_reception(message):
        return ""
    received = envelope_of(message)
    mark = "N" if not_filed else "Y"
    raw = business_acknowledgement(
        received, control_id=f"{mark}{row.pk.hex[-19:]}", at=timezone.now(), not_filed=not_filed
    )
    return raw.decode(received.codec)
