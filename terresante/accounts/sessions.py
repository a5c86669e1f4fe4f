"""The session engine (settings.SESSION_ENGINE): an open session is a row of ours, so that its owner sees and ends it.

A workstation of a ward is locked here, on the server, after ten minutes without anybody's act: the row answers it,
whatever the page does (docs/kernel.md, "Actor": nobody is behind a locked session).
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone

from terresante.accounts.models import Session, User
from terresante.kernel import compiled

LOCKED_AFTER = timedelta(minutes=10)
# Under this, an act is not written again: a page makes several requests.
SEEN_AGAIN_AFTER = timedelta(seconds=30)
DEVICE_KEY, WORDS_KEY, SHARED_KEY, WAY_KEY = "device", "device_words", "shared_workstation", "opened_by"


class SessionStore(DatabaseStore):
    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        live = _live(self.session_key, timezone.now()) if self.session_key else []
        self.row = live[0] if live else None
        if self.row is None:
            self._session_key = None  # Django's own engine: a key nobody holds is given to nobody
        return self.decode(self.row.session_data) if self.row else {}

    def flush(self) -> None:
        super().flush()
        self.row = None

    def cycle_key(self) -> None:
        """A new key for the same person: what locked him stays, also what another request has just locked."""
        self.row = Session.objects.filter(session_key=self.session_key).first()
        super().cycle_key()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        user, device = data.get("_auth_user_id"), data.get(DEVICE_KEY)
        session = Session(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]  # not in the stubs
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=UUID(user) if user else None,
            device_id=UUID(device) if device else None,
            words=str(data.get(WORDS_KEY, "")),
            is_shared=bool(data.get(SHARED_KEY, False)),
            opened_by=str(data.get(WAY_KEY, "")),
        )
        if self.row is not None and self.row.user_id is not None:
            session.created_at, session.seen_at = self.row.created_at, self.row.seen_at
            session.locked_at = self.row.locked_at
        return session


class AccountBackend(ModelBackend):
    def get_user(self, user_id: UUID) -> User | None:
        found = _accounts(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None


def way_of(store: SessionBase) -> str:
    """How this session was opened: a LoginWay, '' when a partner opened it."""
    return str(store.get(WAY_KEY, ""))


def is_locked(store: SessionBase, *, now: datetime | None = None) -> bool:
    row = shared_row(store)
    if row is None:
        return False
    return row.locked_at is not None or (now or timezone.now()) - row.seen_at >= LOCKED_AFTER


def shared_row(store: SessionBase) -> Session | None:
    row = _row(store)
    return row if row is not None and row.is_shared and row.user_id is not None else None


def handle_of(store: SessionBase) -> UUID | None:
    """What may name the session outside: its key opens it."""
    row = _row(store)
    return row.handle if row is not None else None


def mark_seen(store: SessionBase) -> None:
    """Somebody did something; a locked session stays locked."""
    row, now = _row(store), timezone.now()
    if (
        row is None
        or row.user_id is None
        or is_locked(store, now=now)
        or now - row.seen_at < SEEN_AGAIN_AFTER
    ):
        return
    Session.objects.filter(pk=row.pk, locked_at=None).update(seen_at=now)
    row.seen_at = now


def _row(store: SessionBase) -> Session | None:
    store.get("")  # loads
    return store.row if isinstance(store, SessionStore) else None


@compiled.rows
def _live(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


@compiled.rows
def _accounts(key: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=key)
