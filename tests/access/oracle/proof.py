"""A run of the oracle: worlds drawn one after the other from a seed, until enough was decided; the smallest world that
still shows a difference.
"""

import time
from collections.abc import Callable
from random import Random

from tests.access.oracle import doors
from tests.access.oracle.build import build
from tests.access.oracle.decisions import Tally
from tests.access.oracle.model import World
from tests.access.oracle.worlds import smallest, world
from tests.walls import empty_tables

SHRINKING_SECONDS = 30
# Worlds stand side by side in the database, nobody's patients but their own; it is emptied before it grows slow.
_BEFORE_EMPTYING = 25


class Differs(AssertionError):
    """The platform does not answer as the model does; the message holds the smallest world that shows it."""


def prove(
    seed: int, *, decisions: int, worlds: int = 1, of_each: int = 0, until: float = float("inf")
) -> Tally:
    """At least so many `decisions` and so many `worlds`, and `of_each` door so many decisions, were it in four times as
    many worlds; then goes on until the moment `until` (time.monotonic).

    Raises Differs.
    """
    tally = Tally()
    while (
        tally.decisions < decisions
        or tally.worlds < worlds
        or (tally.least < of_each and tally.worlds < 4 * worlds)
        or time.monotonic() < until
    ):
        if tally.worlds % _BEFORE_EMPTYING == 0:
            empty_tables()
        number = seed + tally.worlds
        if tally.read(doors.asked(build(world(number)), Random(number))):
            raise Differs(_told(number))
        tally.worlds += 1
    return tally


def differences(drawn: World, number: int) -> list[str]:
    """Alone in the database."""
    empty_tables()
    return Tally().read(doors.asked(build(drawn), Random(number)))


def _told(number: int) -> str:
    """Plays the world again alone, and takes away what does not matter."""
    drawn = world(number)
    small = smallest(drawn, _still_differs(number, until=time.monotonic() + SHRINKING_SECONDS))
    told = "\n  ".join(differences(small, number) or ["nothing, once alone in the database"])
    return f"world {number} differs (make oracle SEED={number}):\n  {told}\n\nsmallest:\n{small!r}"


def _still_differs(number: int, *, until: float) -> Callable[[World], bool]:
    return lambda tried: time.monotonic() < until and bool(differences(tried, number))
