"""The superuser's own connection to the database of the tests: what it writes fires no trigger.

`session_replication_role` never changes on the connection that the tests use: where it does, PostgreSQL forgets every
plan of that connection, and with row policies planning again is what the tests would wait for most (tests/prepared.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

# A test that left a transaction open holds rows that are to be taken away: say so rather than wait for ever.
_OPTIONS = "-c session_replication_role=replica -c lock_timeout=30s"


@dataclass
class Backstage:
    """`is_empty`: nothing has been written here since the tables were last emptied."""

    is_empty: bool = True
    _connection: "psycopg.Connection[Any] | None" = None
    _made: set[str] = field(default_factory=set)

    def call(self, name: str, body: Callable[[], str]) -> None:
        """A function of this connection: what it says is read once, and planned once."""
        opened = self._opened()
        if name not in self._made:
            made = f"CREATE FUNCTION pg_temp.{name}() RETURNS void LANGUAGE plpgsql AS $backstage${body()}$backstage$"
            opened.execute(made.encode())
            self._made.add(name)
        opened.execute(f"SELECT pg_temp.{name}()".encode())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> "psycopg.Connection[Any]":
        if self._connection is None or self._connection.closed:
            known = connection.get_connection_params()
            where = {key: known[key] for key in ("dbname", "user", "password", "host", "port")}
            self._connection = psycopg.connect(**where, options=_OPTIONS, autocommit=True)
            self._made.clear()
        return self._connection


backstage = Backstage()
