"""Errors of the database that are nobody's fault, and pass.

Two transactions that wait for each other are a circle that PostgreSQL opens by rolling one of them back: nothing of it
is written, and the same thing done again passes.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import OperationalError, connection

log = logging.getLogger(__name__)

TRIES = 3
# For who must come back: the other transaction is over by then.
COME_BACK_SECONDS = 2
R = TypeVar("R")


def is_passing(error: Exception) -> bool:
    """Not the fault of what was asked: the connection (08, or no code), a deadlock (40), a lock (55), a stop (57)."""
    return isinstance(error, OperationalError) and _class_of(error) in ("", "08", "40", "55", "57")


def is_crossed(error: Exception) -> bool:
    """Rolled back for another transaction: nothing was written, which a lost connection never tells."""
    return isinstance(error, OperationalError) and _class_of(error) in ("40", "55")


def tried_again(act: Callable[[], R], *, between: Callable[[], None] = lambda: None) -> R:
    """What crossed another transaction is done again, from its beginning, `TRIES` times at most.

    For what opens its own transactions; inside the caller's, the error is the caller's.
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except OperationalError as error:
            if connection.in_atomic_block or not is_crossed(error):
                raise
            log.warning("crossed another transaction (%s), done again", type(error.__cause__).__name__)
            between()
    return act()


def _class_of(error: Exception) -> str:
    cause = error.__cause__
    return ((cause.sqlstate if isinstance(cause, psycopg.Error) else None) or "")[:2]
