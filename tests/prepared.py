"""What a connection of the tests has prepared stays prepared from one test to the next.

With row policies PostgreSQL takes longer to plan our statements than to run them: nine tenths of its time in the tests.
psycopg forgets all that it has prepared at each ROLLBACK, in case that took a table away. Every test of a screen that
refuses rolls back, and so does every test that does not commit: nothing was ever prepared long enough to serve. Plans
are made for any value, which PostgreSQL itself only tries from the sixth on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg._preparing import Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.pq.abc import PGresult

# A few kilobytes to a few hundred each, in the server's memory.
KEPT = 600
_FORGOTTEN_AFTER = (b"DROP", b"ALTER", b"CREATE", b"DISCARD", b"DEALLOCATE")


class Remembering(PrepareManager):
    """Forgets when a statement changes tables, as psycopg does, and at no other moment."""

    prepare_threshold = 0
    prepared_max = KEPT
    role = "terresante_app"

    def key(self, query: PostgresQuery) -> Any:  # type: ignore[override]  # the role's own
        """What one role has prepared is planned again as soon as another one, with other policies, runs it."""
        return (query.query, query.types, self.role)

    def clear(self) -> bool:
        return False

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *_: Any) -> bool:
        if any((result.command_status or b"").startswith(_FORGOTTEN_AFTER) for result in results):
            return super().clear()
        return False


def remember(connection: Any, **_: Any) -> None:
    """Receives `connection_created`."""
    connection.connection._prepared = Remembering()
    connection.connection.execute("SET plan_cache_mode = force_generic_plan")


@contextmanager
def planned_each_time() -> Iterator[None]:
    """For a test of many rows: plans are those of today's tables, not of the empty ones of the tests before."""
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_custom_plan")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
