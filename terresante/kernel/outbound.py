"""E-mails, SMS and notifications of devices leave from the database: queued with what causes them, sent after it,
retried until they go.

A crash between the sending and its record sends again, with the same Message-ID or reference.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone

from terresante.kernel.enums import OutboundChannel, OutboundState
from terresante.kernel.models import OutboundMessage
from terresante.kernel.ports import NobodyThere, TryLater, Undeliverable, send_peer, send_push, send_sms
from terresante.kernel.sealing import seal, unseal
from terresante.kernel.together import insert

log = logging.getLogger(__name__)

_CONTEXT = "outbound"
_MOST_ATTEMPTS = 12
# Longer than a server of mail is waited for (settings.EMAIL_TIMEOUT).
_TAKEN_FOR = timedelta(minutes=2)
_LONGEST_WAIT = 3600  # seconds, whatever a carrier asks for


def queue_email(*, recipient: str, subject: str, body: str, dedupe_key: str) -> None:
    """The same `dedupe_key` is queued once, whoever repeats it."""
    queue_same_email({dedupe_key: recipient}, subject=subject, body=body)


def queue_same_email(recipients: Mapping[str, str], *, subject: str, body: str) -> None:
    """One text to many, by `dedupe_key`: sealed once, queued by one statement."""
    _queue(OutboundChannel.EMAIL, recipients, subject, body)


def queue_sms(*, number: str, text: str, dedupe_key: str) -> None:
    queue_same_sms({dedupe_key: number}, text=text)


def queue_same_sms(numbers: Mapping[str, str], *, text: str) -> None:
    _queue(OutboundChannel.SMS, numbers, "", text)


def queue_each_sms(messages: Mapping[str, tuple[str, str]]) -> None:
    """To many, each in words of its own: (number, text) by `dedupe_key`, queued by one statement."""
    sealed = {
        key: (number, seal(text.encode(), context=_CONTEXT)) for key, (number, text) in messages.items()
    }
    _insert(OutboundChannel.SMS, sealed, "")


def queue_same_push(devices: Mapping[str, str], *, text: str) -> None:
    """To subscriptions, by `dedupe_key`."""
    _queue(OutboundChannel.PUSH, devices, "", text)


def queue_peer(*, peer: str, text: str, dedupe_key: str) -> None:
    """To another system, by the name its provider knows it under."""
    _queue(OutboundChannel.PEER, {dedupe_key: peer}, "", text)


def queue_again(keys: Collection[UUID]) -> int:
    """Of what was abandoned, what is still held: it leaves as it was, under the same reference. How many."""
    again = OutboundMessage.objects.filter(pk__in=keys, state=OutboundState.ABANDONED).exclude(body=b"")
    return again.update(state=OutboundState.WAITING, attempts=0, next_attempt_at=timezone.now())


def _queue(channel: OutboundChannel, recipients: Mapping[str, str], subject: str, body: str) -> None:
    sealed = seal(body.encode(), context=_CONTEXT)
    _insert(channel, {key: (recipient, sealed) for key, recipient in recipients.items()}, subject)


def _insert(channel: OutboundChannel, sealed: Mapping[str, tuple[str, bytes]], subject: str) -> None:
    insert(
        [
            OutboundMessage(channel=channel, recipient=recipient, subject=subject, body=body, dedupe_key=key)
            for key, (recipient, body) in sealed.items()
        ],
        or_ignore=True,
    )


_LETTERS = (OutboundChannel.EMAIL, OutboundChannel.SMS)
_AT_ONCE = 50


def deliver_waiting(channels: Collection[OutboundChannel] = _LETTERS) -> int:
    """Sends what is due, one by one, e-mails over one connection; returns how many left.

    Push services are many, and somebody else's: they have a round of their own, so that one that is slow keeps no
    login code back.
    """
    waiting = OutboundMessage.objects.filter(
        state=OutboundState.WAITING, next_attempt_at__lte=timezone.now(), channel__in=channels
    )
    due = list(waiting.order_by("next_attempt_at").values_list("pk", "channel")[:_AT_ONCE])
    others = [key for key, channel in due if channel != OutboundChannel.EMAIL]
    emails = [key for key, channel in due if channel == OutboundChannel.EMAIL]
    return sum(_deliver(key, None) for key in others) + (_deliver_emails(emails) if emails else 0)


def _deliver_emails(keys: Sequence[UUID]) -> int:
    server = get_connection()
    try:
        server.open()
    except (SMTPException, OSError) as error:
        _postpone(keys, error)
        return 0
    try:
        return sum(_deliver(key, server) for key in keys)
    finally:
        server.close()


def _deliver(key: UUID, server: BaseEmailBackend | None) -> bool:
    message = _taken(key)
    if message is None:
        return False
    try:
        _send(message, server)
    except (NobodyThere, Undeliverable) as error:
        gone = isinstance(error, NobodyThere)
        _end(message, OutboundState.DROPPED if gone else OutboundState.ABANDONED)
        return False
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with one message, the others leave
        _postpone([key], error)
        return False
    _end(message, OutboundState.SENT)
    return True


def _end(message: OutboundMessage, state: OutboundState) -> None:
    """What another system did not take is kept: somebody may have it sent again."""
    is_kept = state == OutboundState.ABANDONED and message.channel == OutboundChannel.PEER
    message.state, message.body = state, message.body if is_kept else b""
    message.save(update_fields=["state", "body"])


def _taken(key: UUID) -> OutboundMessage | None:
    """Put off before it is sent, so that no other process takes it; the network is spoken to in no transaction."""
    now = timezone.now()
    due = OutboundMessage.objects.filter(pk=key, state=OutboundState.WAITING, next_attempt_at__lte=now)
    return OutboundMessage.objects.get(pk=key) if due.update(next_attempt_at=now + _TAKEN_FOR) else None


def _send(message: OutboundMessage, server: BaseEmailBackend | None) -> None:
    text = unseal(message.body, context=_CONTEXT).decode()
    if message.channel == OutboundChannel.SMS:
        send_sms(number=message.recipient, text=text, reference=str(message.pk))
    elif message.channel == OutboundChannel.PUSH:
        send_push(device=message.recipient, text=text, reference=str(message.pk))
    elif message.channel == OutboundChannel.PEER:
        send_peer(peer=message.recipient, text=text)
    else:
        _send_email(message, text, server)


def _send_email(message: OutboundMessage, text: str, server: BaseEmailBackend | None) -> None:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    EmailMessage(
        subject=message.subject,
        body=text,
        to=[message.recipient],
        headers={"Message-ID": f"<{message.pk}@{host}>", "Auto-Submitted": "auto-generated"},
        connection=server,
    ).send()


_POSTPONE = """
UPDATE kernel_outboundmessage
SET attempts = attempts + 1,
    next_attempt_at = %s + make_interval(secs => greatest(%s, least(3600, 2 ^ (attempts + 1)))),
    state = CASE WHEN attempts + 1 >= %s THEN 'abandoned' ELSE state END
WHERE id = ANY (%s) AND state = 'waiting'
"""


def _postpone(keys: Sequence[UUID], error: Exception) -> None:
    asked = min(error.seconds, _LONGEST_WAIT) if isinstance(error, TryLater) else 0
    with connection.cursor() as cursor:
        cursor.execute(_POSTPONE, [timezone.now(), asked, _MOST_ATTEMPTS, list(keys)])
    log.warning("%d message(s) not sent (%s), put off: %s…", len(keys), type(error).__name__, keys[0])
