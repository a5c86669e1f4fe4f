"""Whose account a proof is: answered from above (directory, patients), bound once in config/ports.py."""

from collections.abc import Callable
from dataclasses import dataclass

from terresante.accounts.enums import LoginWay
from terresante.accounts.federation.protocol import Proof
from terresante.accounts.models import User


@dataclass(frozen=True, slots=True)
class Arrived:
    """`situations`: the roles that the proof allows, None when it says nothing of them."""

    user: User
    situations: tuple[str, ...] | None = None


# Called with no transaction open. Raises NotOpened.
AccountBehind = Callable[[Proof], Arrived]
bound: dict[LoginWay, AccountBehind] = {}
