"""E-mails leave from the database: queued with the change that causes them, sent after it, retried until they go.

A crash between the sending and its record sends again, with the same Message-ID.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from terresante.kernel.enums import OutboundState
from terresante.kernel.models import OutboundMessage
from terresante.kernel.sealing import seal, unseal

log = logging.getLogger(__name__)

_CONTEXT = "outbound"
_MOST_ATTEMPTS = 12
# Longer than a server of mail is waited for (settings.EMAIL_TIMEOUT).
_TAKEN_FOR = timedelta(minutes=2)


def queue_email(*, recipient: str, subject: str, body: str, dedupe_key: str) -> None:
    """The same `dedupe_key` is queued once, whoever repeats it."""
    message = OutboundMessage(
        recipient=recipient,
        subject=subject,
        body=seal(body.encode(), context=_CONTEXT),
        dedupe_key=dedupe_key,
    )
    OutboundMessage.objects.bulk_create([message], ignore_conflicts=True)


def deliver_waiting(limit: int = 50) -> int:
    """Sends what is due, one by one; returns how many left."""
    due = OutboundMessage.objects.filter(state=OutboundState.WAITING, next_attempt_at__lte=timezone.now())
    return sum(
        _deliver(key) for key in list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    )


def _deliver(key: UUID) -> bool:
    message = _taken(key)
    if message is None:
        return False
    try:
        _send(message)
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with one message, the others leave
        _postpone(message, error)
        return False
    message.state, message.body = OutboundState.SENT, b""
    message.save(update_fields=["state", "body"])
    return True


def _taken(key: UUID) -> OutboundMessage | None:
    """Put off before it is sent, so that no other process takes it; the network is spoken to in no transaction."""
    now = timezone.now()
    due = OutboundMessage.objects.filter(pk=key, state=OutboundState.WAITING, next_attempt_at__lte=now)
    return OutboundMessage.objects.get(pk=key) if due.update(next_attempt_at=now + _TAKEN_FOR) else None


def _send(message: OutboundMessage) -> None:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    EmailMessage(
        subject=message.subject,
        body=unseal(message.body, context=_CONTEXT).decode(),
        to=[message.recipient],
        headers={"Message-ID": f"<{message.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    ).send()


def _postpone(message: OutboundMessage, error: Exception) -> None:
    message.attempts += 1
    message.next_attempt_at = timezone.now() + timedelta(seconds=min(3600, 2**message.attempts))
    if message.attempts >= _MOST_ATTEMPTS:
        message.state = OutboundState.ABANDONED
    message.save(update_fields=["attempts", "next_attempt_at", "state"])
    log.warning("e-mail %s not sent (%s), attempt %d", message.pk, type(error).__name__, message.attempts)
