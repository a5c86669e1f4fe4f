"""Keys made by whoever creates the row, a phone included; never an order (DESIGN.md 3)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
