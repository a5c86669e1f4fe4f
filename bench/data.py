"""`make bench-data`: three regions of 10,000, 100,000 and a million patients; a loaded one is kept.

python -m bench.data [--again] [NAME...]
"""

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from bench.cluster import SIZES, migrated, patients_in, running
from config.local.database import Urls, drop_database
from config.local.places import say
from config.local.postgres import Server

# Their plain indexes are made after their rows; keys and constraints stay.
LARGE_TABLES = (
    "care_team_careteamparticipant",
    "notes_note",
    "feed_feeditem",
    "patients_patient",
    "patients_sourceidentity",
)
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%s::regclass[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
"""


def main(arguments: Sequence[str]) -> None:
    names = [name for name in arguments if name != "--again"] or list(SIZES)
    with running() as server:
        for name in names:
            load(server, name, patients=SIZES[name], again="--again" in arguments)


def load(server: Server, name: str, *, patients: int, again: bool = False) -> Urls:
    if again:
        drop_database(server, name)
    urls = migrated(server, name)
    known = patients_in(urls)
    if known == patients:
        return urls
    if known:
        drop_database(server, name)
        urls = migrated(server, name)
    began = time.monotonic()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        _fill(connection, patients)
    say(f"{name} : {patients} patients en {time.monotonic() - began:.0f} s")
    return urls


def _fill(connection: psycopg.Connection, patients: int) -> None:
    connection.execute("SELECT set_config('bench.patients', %s, false)", [str(patients)])
    connection.execute("SET session_replication_role = replica")
    indexes = connection.execute(_INDEXES, [list(LARGE_TABLES)]).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for label, statements in steps():
        _timed(connection, label, statements)
    _timed(connection, "indexes", ";".join(definition for _, definition in indexes))
    _timed(connection, "statistics", "VACUUM (FREEZE, ANALYZE)")
    _timed(connection, "checkpoint", "CHECKPOINT")


def steps() -> list[tuple[str, str]]:
    _, *parts = re.split(r"^-- STEP (\w+)$", Path(__file__).with_name("region.sql").read_text(), flags=re.M)
    return list(zip(parts[::2], parts[1::2], strict=True))


def _timed(connection: psycopg.Connection, label: str, statements: str) -> None:
    began = time.monotonic()
    connection.execute(statements)
    say(f"  {label:<12}{time.monotonic() - began:7.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
