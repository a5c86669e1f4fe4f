"""Arranging data behind the walls: tests act as the application role, factories step over it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


@contextmanager
def walls_down() -> Iterator[None]:
    """Rows are written and read without policies, as by the definer role; for arranging and asserting only."""
    _set_role("terresante_definer")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _set_role("terresante_app")


def empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        tables = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
        cursor.execute("SET session_replication_role = replica")
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SET ROLE terresante_app")


def _set_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f"SET ROLE {role}")
