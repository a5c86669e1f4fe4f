"""Who is logged in, asked at every request: Django's own answers, from statements made once (kernel.compiled)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from terresante.accounts.models import User
from terresante.kernel import compiled


class SessionStore(DatabaseSessionStore):
    def _get_session_from_db(self) -> Session | None:
        for session in _sessions(str(self.session_key), timezone.now()):
            return session
        self._session_key = None
        return None


class AccountBackend(ModelBackend):
    def get_user(self, user_id: UUID) -> User | None:
        found = _accounts(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None


@compiled.rows
def _sessions(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


@compiled.rows
def _accounts(key: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=key)
