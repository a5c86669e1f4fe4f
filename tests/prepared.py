"""What a connection of the tests has prepared stays prepared from one test to the next.

With row policies PostgreSQL takes longer to plan our statements than to run them: nine tenths of its time in the tests.
psycopg forgets all that it has prepared at each ROLLBACK, in case that took a table away. Every test of a screen that
refuses rolls back, and so does every test that does not commit: nothing was ever prepared long enough to serve.
"""

from collections.abc import Sequence
from typing import Any

from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult

# A few kilobytes to a few hundred each, in the server's memory.
KEPT = 600
_CHANGES_TABLES = (b"DROP", b"ALTER", b"CREATE")


class Remembering(PrepareManager):
    """Forgets when a statement changes tables, as psycopg does, and at no other moment."""

    prepare_threshold = 0
    prepared_max = KEPT

    def clear(self) -> bool:
        return False

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *_: Any) -> bool:
        if any((result.command_status or b"").startswith(_CHANGES_TABLES) for result in results):
            return super().clear()
        return False


def remember(connection: Any, **_: Any) -> None:
    """Receives `connection_created`."""
    connection.connection._prepared = Remembering()
