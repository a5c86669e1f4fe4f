"""Work that no page waits for: loops of the worker process, and scheduled jobs over procrastinate.

A loop is for what must follow within a second (events, messages, e-mails); a job for what has an hour or is slow.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps

from procrastinate.contrib.django import app

from terresante.kernel import rls
from terresante.kernel.actor import Actor

# The longest that a loop which looks more often than that waits for something to come.
QUIET_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Loop:
    """`step` does what is due and returns how much it did; after nothing, it waits at the pace of `idle` seconds."""

    name: str
    step: Callable[[], int]
    idle: float


loops: dict[str, Loop] = {}


@dataclass(slots=True)
class Pace:
    """How long to wait for work: `idle` seconds just after there was some, up to `QUIET_SECONDS` when none comes.

    A loop that looked forty times a second for what comes once a minute took a sixth of a processor.
    """

    idle: float
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.idle

    def wait(self, called: threading.Event) -> None:
        """Until it is time to look again, or until somebody says that there is something."""
        if called.wait(self._next):
            self.quicken()
        else:
            self._next = max(self.idle, min(self._next * 1.5, QUIET_SECONDS))

    def quicken(self) -> None:
        self._next = self.idle


def loop(*, idle: float) -> Callable[[Callable[[], int]], Callable[[], int]]:
    def register(step: Callable[[], int]) -> Callable[[], int]:
        name = f"{step.__module__}.{step.__name__}"
        loops[name] = Loop(name, step, idle)
        return step

    return register


def scheduled(cron: str) -> Callable[[Callable[[Actor], object]], Callable[[], None]]:
    """A periodic job: one run per tick in the whole deployment, under a job actor of its own name."""

    def register(function: Callable[[Actor], object]) -> Callable[[], None]:
        name = f"{function.__module__}.{function.__name__}"

        @app.periodic(cron=cron)
        @app.task(name=name, queueing_lock=name, pass_context=False)
        @wraps(function)
        def run(timestamp: int) -> None:
            with rls.acting(Actor.job(name)):
                function(Actor.job(name))

        def now() -> None:
            run(0)

        return now

    return register
