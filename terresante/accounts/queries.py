from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from terresante.accounts.models import LoginChallenge

_BETWEEN_MESSAGES = b"-" * 79


def challenge_waiting(challenge_id: UUID) -> LoginChallenge | None:
    return (
        LoginChallenge.objects.select_related("user")
        .filter(pk=challenge_id, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    at: datetime
    recipient: str
    subject: str
    text: str


def mailbox(*, most: int = 30) -> list[MailboxMessage]:
    """The last e-mails of a demonstration, as Django's file backend wrote them; the newest first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)[:most]
    messages = [message for path in files for message in _messages(path)]
    return sorted(messages, key=lambda message: message.at, reverse=True)[:most]


def _messages(path: Path) -> Iterator[MailboxMessage]:
    for part in path.read_bytes().split(_BETWEEN_MESSAGES):
        if not part.strip():
            continue
        message = message_from_bytes(part.lstrip(b"\n"), EmailMessage, policy=default)
        yield MailboxMessage(
            at=_sent(message),
            recipient=str(message["To"]),
            subject=str(message["Subject"]),
            text=message.get_content().strip(),
        )


def _sent(message: EmailMessage) -> datetime:
    """Django writes « -0000 », which is read as an hour without a zone."""
    moment = parsedate_to_datetime(message["Date"])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
