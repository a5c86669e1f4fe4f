"""Django's `migrate`, which keeps nobody waiting behind it.

What alters a table waits for those who are reading it, and whoever comes next waits behind that statement: one long
report would stop every page. Under `lock_timeout` it gives up its place, lets them pass, and asks again.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg import errors, sql

_GIVEN_UP = (
    "Une table est restée occupée pendant {tries} essais : une transaction la tient (pour la trouver : "
    "SELECT pid, xact_start, state FROM pg_stat_activity ORDER BY xact_start). Les migrations déjà appliquées le "
    "restent, celle-ci n’a rien changé : terminez cette transaction, puis relancez « terresante migrate »."
)
_AGAIN = "\nUne table est occupée : la migration attend son tour. Nouvel essai dans {pause:g} s ({number} sur {tries})."


class Command(migrate.Command):
    help = (
        "Applies the migrations, each statement under a lock_timeout; one whose table is held is tried again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-timeout", type=float, default=2.0, metavar="SECONDS")
        parser.add_argument("--tries", type=int, default=30)
        parser.add_argument("--pause", type=float, default=5.0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        # Django makes the classes of our models again at each operation: what was imported need not be walked through
        # at each of the fifty rounds of the collector (a sixth of the processor of a first migration).
        gc.freeze()
        tries, pause = options["tries"], options["pause"]
        for number in range(1, tries + 1):
            try:
                with _impatient(options["database"], options["lock_timeout"]):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, errors.LockNotAvailable):
                    raise
                if number == tries:
                    raise CommandError(_GIVEN_UP.format(tries=tries)) from error
            self.stdout.write(_AGAIN.format(pause=pause, number=number + 1, tries=tries))
            time.sleep(pause)


@contextmanager
def _impatient(database: str, seconds: float) -> Iterator[None]:
    with connections[database].cursor() as cursor:
        cursor.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(int(seconds * 1000))))
    try:
        yield
    finally:
        with connections[database].cursor() as cursor:
            cursor.execute("RESET lock_timeout")
