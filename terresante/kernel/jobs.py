"""Work that no page waits for: loops of the worker process, and scheduled jobs over procrastinate.

A loop is for what must follow within a second (events, messages, e-mails); a job for what has an hour or is slow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from procrastinate.contrib.django import app

from terresante.kernel import rls
from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Loop:
    """`step` does what is due and returns how much it did; after nothing, it waits `idle` seconds."""

    name: str
    step: Callable[[], int]
    idle: float


loops: dict[str, Loop] = {}


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
