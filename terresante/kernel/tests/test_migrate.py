"""`terresante migrate` gives up its place to who is reading the table, and comes back."""

import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import OperationalError, connection, transaction
from psycopg import errors

from terresante.interop.tests.wire import another_process
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def altering(monkeypatch):
    """A migration, as far as locks go: it wants a table for itself, in a transaction of its own."""
    done: list[str] = []

    def alter(command, *args, **options):
        with walls_down(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE kernel_outboundmessage IN ACCESS EXCLUSIVE MODE")
            cursor.execute("SHOW lock_timeout")
            done.append(cursor.fetchone()[0])

    monkeypatch.setattr(migrate.Command, "handle", alter)
    return done


def migrated(**options):
    said = StringIO()
    call_command("migrate", stdout=said, **{"lock_timeout": 0.05, "tries": 3, "pause": 0} | options)
    return said.getvalue()


def test_a_table_that_nobody_reads_is_altered_at_once(altering):
    assert migrated() == ""
    assert altering == ["50ms"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_table_that_stays_held_is_given_up_with_a_sentence(altering):
    with another_process() as reader:
        reader.execute("SELECT count(*) FROM kernel_outboundmessage")
        with pytest.raises(CommandError, match="Une table est restée occupée pendant 3 essais"):
            migrated()

    assert altering == []


def test_it_comes_back_once_the_table_is_free(altering, monkeypatch):
    with another_process() as reader:
        reader.execute("SELECT count(*) FROM kernel_outboundmessage")
        pauses: list[float] = []

        def pause(seconds):
            pauses.append(seconds)
            # Whoever comes meanwhile does not wait behind the migration.
            with another_process() as other:
                other.execute("SET lock_timeout = '1ms'")
                other.execute("SELECT count(*) FROM kernel_outboundmessage")
            reader.rollback()

        monkeypatch.setattr(time, "sleep", pause)
        said = migrated(pause=7)

    assert pauses == [7]
    assert "Nouvel essai dans 7 s (2 sur 3)" in said
    assert altering == ["50ms"]


def test_what_else_the_database_says_is_raised_as_it_is(monkeypatch):
    def broken(command, *args, **options):
        raise OperationalError from errors.DiskFull()

    monkeypatch.setattr(migrate.Command, "handle", broken)
    with pytest.raises(OperationalError):
        migrated()
