"""How often a door was tried: counted in the database before the try is checked; parallel requests gain nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils import timezone

from terresante.accounts.hashing import Busy
from terresante.accounts.models import AttemptCount
from terresante.kernel import rls
from terresante.kernel.errors import Invalid

WINDOW = timedelta(minutes=15)
SLOWED_SECONDS = 1.5
# Of the threads of a process: slowed tries never hold those that other people's pages need, nor any connection.
SLOWED_AT_ONCE = 4
_slowing = threading.BoundedSemaphore(SLOWED_AT_ONCE)

TOO_BUSY = (
    "Beaucoup d’essais sont en cours sur cet identifiant ou ce réseau. Recommencez dans quelques secondes."
)


def refuse_beyond(limit: int, key: str, *, window: timedelta = WINDOW, account: UUID | None = None) -> None:
    """Raises Invalid, with the minutes to wait. `account`: whose tries they are, so that they may be dropped."""
    tries, ends_at = _count(key, window, account)
    if tries > limit:
        minutes = max(1, -int((timezone.now() - ends_at).total_seconds() // 60))
        wait = (
            f"{minutes} minute{'s' if minutes > 1 else ''}" if minutes < 60 else f"{minutes // 60 + 1} heures"
        )
        raise Invalid(f"Trop d’essais depuis ce réseau. Recommencez dans {wait}.")


def slow_down_beyond(limit: int, key: str, *, account: UUID | None = None) -> None:
    """Raises Invalid rather than hold one more thread."""
    if _count(key, WINDOW, account)[0] <= limit:
        return
    if not _slowing.acquire(blocking=False):
        raise Invalid(TOO_BUSY)
    try:
        rls.let_go()
        time.sleep(SLOWED_SECONDS)
    finally:
        _slowing.release()


def give_back(key: str) -> None:
    """A try that was right: what many people do rightly behind one address never closes it."""
    AttemptCount.objects.filter(key=_hash(key), tries__gt=0).update(tries=F("tries") - 1)


@contextmanager
def spent_only_if_checked(key: str) -> Iterator[None]:
    """The try counted under `key` is given back when the password could not be looked at: who was asked to come back
    spends none of his.
    """
    try:
        yield
    except Busy:
        give_back(key)
        raise


def forget(key: str) -> None:
    AttemptCount.objects.filter(key=_hash(key)).delete()


def forget_account(account: UUID) -> None:
    """Every count of tries on it, from everywhere."""
    AttemptCount.objects.filter(account_id=account).delete()


def _count(key: str, window: timedelta, account: UUID | None) -> tuple[int, datetime]:
    """Adds one try; a refused one does not prolong the window."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_attemptcount AS old (key, tries, window_ends_at, account_id)"
            " VALUES (%s, 1, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET"
            " tries = CASE WHEN old.window_ends_at < now() THEN 1 ELSE old.tries + 1 END,"
            " window_ends_at = CASE WHEN old.window_ends_at < now() THEN excluded.window_ends_at"
            " ELSE old.window_ends_at END RETURNING tries, window_ends_at",
            [_hash(key), timezone.now() + window, account],
        )
        tries, ends_at = cursor.fetchone()
    return int(tries), ends_at


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
