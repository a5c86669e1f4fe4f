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
from django.db.models.functions import Lower
from django.utils import timezone

from terresante.accounts.access import DEVICE_FORGET, PASSKEY_END, SESSION_END
from terresante.accounts.devices import Source, token_hash
from terresante.accounts.enums import ChallengePurpose, CodeChannel
from terresante.accounts.models import ClosedSession, KnownDevice, LoginChallenge, Passkey, Session, User
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Refused
from terresante.kernel.ports import sms_is_bound

_BETWEEN_MESSAGES = b"-" * 79


def challenge_waiting(
    challenge_id: UUID, purpose: ChallengePurpose = ChallengePurpose.LOGIN
) -> LoginChallenge | None:
    return (
        LoginChallenge.objects.select_related("user")
        .filter(pk=challenge_id, purpose=purpose, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


def session_was_closed(handle: UUID) -> bool:
    """Closed by somebody in the last days; one that merely expired was not."""
    return ClosedSession.objects.filter(handle=handle).exists()


def known_device(user: User | None, source: Source) -> KnownDevice | None:
    """The browser, if this account logged in from it. The same work for a login that does not exist."""
    somebody = user or User()
    hashes = [token_hash(somebody, token) for token in source.tokens]
    return KnownDevice.objects.filter(user_id=somebody.pk, token_hash__in=hashes).first() if hashes else None


@dataclass(frozen=True, slots=True)
class Security:
    """What the owner of an account sees of its protection."""

    user: User
    ways: list[CodeChannel]
    sessions: list[Session]
    devices: list[KnownDevice]
    codes_left: int
    passkeys: list[Passkey]


def is_open(user_id: UUID) -> bool:
    """Whether this account may still log in; once it may not, what it had signed is refused."""
    return User.objects.filter(pk=user_id, is_active=True).exists()


def account_called(known_as: str) -> User | None:
    """By its login in lower case. Not iexact: UPPER takes « ı » for an i, each spelling would have its own tries."""
    return User.objects.alias(lowered=Lower("login")).filter(lowered=known_as, is_active=True).first()


def account_of(actor: Actor) -> User:
    if actor.user_id is None:
        raise Refused("Cette page est celle d’un compte.")
    return User.objects.get(pk=actor.user_id)


def security_of(actor: Actor) -> Security:
    user = account_of(actor)
    sessions = access.list(actor, SESSION_END, Session).filter(expire_date__gt=timezone.now())
    devices = access.list(actor, DEVICE_FORGET, KnownDevice)
    return Security(
        user=user,
        ways=channels_of(user),
        sessions=list(sessions.order_by("-seen_at")),
        devices=list(devices.order_by("-last_seen_at")),
        passkeys=list(access.list(actor, PASSKEY_END, Passkey).order_by("created_at")),
        codes_left=user.recovery_codes.filter(used_at=None).count(),
    )


def channels_of(user: User) -> list[CodeChannel]:
    """How this account may receive its code, the usual way first. An application is not weakened by e-mail."""
    ways = [CodeChannel.APPLICATION] if user.totp_seed is not None else []
    if user.phone and sms_is_bound():
        ways.append(CodeChannel.SMS)
    return ways if user.totp_seed is not None else [*ways, CodeChannel.EMAIL]


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


def _aware(moment: datetime) -> datetime:
    """Django writes « -0000 », a moment of Greenwich without a zone (RFC 5322, 3.3); the SMS provider « +0000 »."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _messages(path: Path) -> Iterator[MailboxMessage]:
    for part in path.read_bytes().split(_BETWEEN_MESSAGES):
        if not part.strip():
            continue
        message = message_from_bytes(part.lstrip(b"\n"), EmailMessage, policy=default)
        yield MailboxMessage(
            at=_aware(parsedate_to_datetime(message["Date"])),
            recipient=str(message["To"]),
            subject=str(message["Subject"]),
            text=message.get_content().strip(),
        )
