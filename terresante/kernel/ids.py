"""Keys made by whoever creates the row, a phone included; never an order (DESIGN.md 3)."""

from uuid import UUID

from uuid_utils.compat import uuid7

from terresante.kernel.errors import NotFound


def new_id() -> UUID:
    return uuid7()


def key_of(text: str) -> UUID | None:
    """What somebody sent as a key; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def asked_key(text: str) -> UUID:
    """What somebody asks for by its key. Raises NotFound for what is none."""
    key = key_of(text)
    if key is None:
        raise NotFound
    return key
