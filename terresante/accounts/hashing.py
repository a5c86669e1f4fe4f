"""Passwords by Argon2, so many at once (settings.PASSWORD_HASHERS).

Each takes a hundred megabytes and a third of a second, before anybody has proved anything: sixty-four made-up logins
sent together filled the memory of the machine. No connection is held meanwhile.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from terresante.kernel import rls
from terresante.kernel.errors import Invalid

# Of a process: those that compute, and those that wait for their turn; the others are asked to come back, since each
# that waits holds a thread.
AT_ONCE, WAITING = 4, 12
TOO_BUSY = "Beaucoup de personnes se connectent en ce moment. Recommencez dans quelques secondes."
_computing = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)


class Busy(Invalid):
    """No password was looked at: too many wait already."""


class Argon2InTurn(Argon2PasswordHasher):
    """Raises Busy."""

    def encode(self, password: str, salt: str) -> str:
        with _in_turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _in_turn():
            return super().verify(password, encoded)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Busy(TOO_BUSY)
    try:
        rls.let_go()
        with _computing:
            yield
    finally:
        _places.release()
