"""Devices and sessions of an account: remembered at the door, seen and ended by their owner."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from terresante.accounts import devices
from terresante.accounts.access import DEVICE_FORGET, LOGOUT, SESSION_END
from terresante.accounts.devices import Source
from terresante.accounts.enums import DeviceChoice
from terresante.accounts.events import SessionClosed
from terresante.accounts.models import ClosedSession, KnownDevice, Session, User
from terresante.accounts.queries import known_device
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.events import emit

TRUST = {
    DeviceChoice.NONE: None,
    DeviceChoice.TRUSTED: timedelta(days=30),
    # One shift: who works there changes, the room stays open.
    DeviceChoice.SHARED: timedelta(hours=12),
}
# Longer than anything that was given to a session lasts without it.
REMEMBERED = timedelta(days=15)
FORGOTTEN_AFTER = timedelta(seconds=devices.COOKIE_AGE)


def remember_device(user: User, source: Source, choice: DeviceChoice | None) -> tuple[KnownDevice, Source]:
    """The browser somebody has just logged in from, and what its cookie now holds.

    `choice` is None when nothing was asked: what was said of the device stays. A browser new to the account gets a
    token of its own, so that a cookie planted there beforehand opens nothing.
    """
    with transaction.atomic():
        device = known_device(user, source)
        if device is None:
            token = devices.new_token()
            device = KnownDevice(user=user, token_hash=devices.token_hash(user, token))
            source = Source(source.network, (*source.tokens, token), source.words)
        device.words, device.last_seen_at = source.words, timezone.now()
        if choice is not None:
            life = TRUST[choice]
            device.trusted_until = timezone.now() + life if life else None
            device.is_shared = choice == DeviceChoice.SHARED
        device.save()
    return device, source


@action
def forget_device(actor: Actor, device_id: UUID) -> None:
    """Its sessions end with it. Raises NotFound for another's."""
    device = access.get(actor, DEVICE_FORGET, KnownDevice, device_id, lock=True)
    audit.record(actor, DEVICE_FORGET, about=device)
    device.delete()


@action
def end_session(actor: Actor, handle: UUID) -> None:
    """Raises NotFound for another's, or one that is over."""
    session = access.list(actor, SESSION_END, Session).filter(handle=handle).first()
    if session is None:
        raise NotFound
    session.delete()
    audit.record(actor, SESSION_END, detail={"session": str(handle)})
    _tell_closed(actor, session.device_id)


@action
def say_goodbye(actor: Actor, *, device: str, by: str = "") -> None:
    """Its owner logs out, or (by « switch ») another logs in; `device`: of the session, '' when a partner opened it."""
    audit.record(actor, LOGOUT, detail={"by": by} if by else {})
    _tell_closed(actor, UUID(device) if device else None)


def _tell_closed(actor: Actor, device_id: UUID | None) -> None:
    if actor.user_id is not None and device_id is not None:
        emit(actor, SessionClosed(user_id=actor.user_id, device_id=device_id))


@action
def end_other_sessions(actor: Actor, *, but: str) -> int:
    """Every session of the account except the one of this key, every device except its own; how many ended."""
    others = access.list(actor, SESSION_END, Session).exclude(session_key=but)
    ended, _ = others.delete()
    access.list(actor, DEVICE_FORGET, KnownDevice).exclude(sessions__session_key=but).delete()
    audit.record(actor, SESSION_END, detail={"sessions": ended})
    return ended


def purge_sessions() -> None:
    """Sessions past their time, those closed long ago, browsers not seen for half a year."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    ClosedSession.objects.filter(closed_at__lt=timezone.now() - REMEMBERED).delete()
    KnownDevice.objects.filter(last_seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
