"""Arranging data behind the walls: tests act as the application role, factories step over it."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from terresante.kernel import dispatcher, switches
from terresante.kernel.models import ParkedEvent
from tests.backstage import backstage

_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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


def walls_up() -> None:
    """The application again, whoever a test that failed has left."""
    if connection.connection is not None:
        _set_role("terresante_app")


def empty_tables() -> None:
    """In one exchange with the server: half of all the tests end with it."""
    backstage.call("empty_tables", _emptying)
    backstage.is_empty = True
    forget_settings()


def forget_settings() -> None:
    """Nobody has changed any, of which the process may still hold what a test before gave.

    Changes are numbered anew with their table; the generation goes on, under which statements are kept.
    """
    kept = switches._kept
    switches._kept = switches._Kept(generation=kept.generation + bool(kept.values))


def counted(*models: type[Model]) -> None:
    """As autovacuum does after many rows, when it chooses: without it the plans are those of empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        for model in models:
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
        cursor.execute("SET ROLE terresante_app")


def _emptying() -> str:
    """Asking 150 tables whether they hold a row is one plan; deleting from each is 150."""
    with connection.cursor() as cursor:
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables_to_empty(cursor)
        )
    return (
        f"DECLARE written text; BEGIN FOR written IN {asked} "
        "LOOP EXECUTE format('DELETE FROM %I', written); END LOOP; END"
    )


def tables_to_empty(cursor: CursorWrapper) -> list[str]:
    return [name for name in connection.introspection.table_names(cursor) if name not in KEPT]


def without_keys(page: str) -> str:
    """A page without the keys in its addresses: a year that it must not tell stands in one of them now and then."""
    return _KEY.sub("", page)


def _set_role(role: str) -> None:
    """From any other: what the session may become does not depend on what it is."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        cursor.connection._prepared.role = role


def wait_for_older_transactions(seconds: float = 300) -> None:
    """Numbering and sealing wait for every older transaction of the server, another worker's tests included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        mine = cursor.fetchone()[0]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > mine:
                return
            time.sleep(0.02)
    raise TimeoutError("an older transaction is still running on the test server")


def dispatched() -> int:
    """One round of the dispatcher, when no older transaction keeps an event of this test from its turn."""
    wait_for_older_transactions()
    numbered = dispatcher.step()
    assert not ParkedEvent.objects.values_list("error", flat=True)
    return numbered
