"""The shape of a write: `@action def publish_note(actor, *, …)`."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")


class MissingAuditRow(RuntimeError):
    """A programming error: an action ended without saying what it did."""


def action(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
    """Runs in the caller's transaction, or its own in a job; refuses to finish without an audit row."""

    @wraps(function)
    def run(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with rls.acting(actor), audit.collecting() as trail:
            result = function(actor, *args, **kwargs)
            if not trail.written:
                raise MissingAuditRow(f"{function.__module__}.{function.__name__} left no audit row")
            return result

    return run
