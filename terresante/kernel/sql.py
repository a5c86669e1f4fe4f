"""Statements written by hand, such as calls of the listed functions: their values are always parameters."""

from typing import Any

from django.db import connection


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def row(statement: str, *values: Any) -> tuple[Any, ...] | None:
    """The first row."""
    return next(iter(rows(statement, *values)), None)


def value(statement: str, *values: Any) -> Any:
    """The first column of the first row; None when there is no row."""
    found = row(statement, *values)
    return found[0] if found else None


def take_turn(name: str) -> None:
    """Transactions that take a turn of the same name pass one after the other, each when the one before has ended."""
    rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", name)
