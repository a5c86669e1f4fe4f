"""The INSi teleservice as the platform asks it: a port, bound once in config/ports.py (INTEROP.md 2).

It answers from outside: ask it with no transaction open, then write the call (`desk_actions.record_insi_call`).
"""

from dataclasses import dataclass
from typing import Protocol

from terresante.patients.enums import InsiAnswer
from terresante.patients.traits import Traits


@dataclass(frozen=True, slots=True)
class Found:
    """`identity` comes with the answer 00 only, in the strict form the teleservice keeps."""

    answer: InsiAnswer
    identity: Traits | None = None


class InsiTeleservice(Protocol):
    """Both say UNAVAILABLE rather than raise: a teleservice that is down stops nobody's work."""

    def search(self, asked: Traits) -> Found:
        """By birth name, one given name, sex and birth date, with the birth place when it is known."""

    def verify(self, asked: Traits) -> InsiAnswer:
        """Whether this matricule still goes with these traits."""


@dataclass(slots=True)
class Binding:
    """Empty until config/ports.py is loaded."""

    teleservice: InsiTeleservice | None = None


bound = Binding()


def teleservice() -> InsiTeleservice:
    if bound.teleservice is None:
        raise RuntimeError("config/ports.py has not bound the INSi teleservice")
    return bound.teleservice
