"""`python -m bench.telemonitoring`: people followed at home, by number of them.

Deadlines coloured, reminders sent, answers taken in by one process and carried to the board, a board of 1,200 beside a
bare page; then answers arriving at 125 a second by several processes while the worker runs (`bench.stream`).
A database of its own in the private cluster, made again each time. The growth is that of the cost of one.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import django
import psycopg
from django.apps import apps
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone

from bench import stream, watching
from bench.cluster import environment, migrated, running
from bench.data import steps
from bench.load import CLIENTS, Pace
from bench.report import Figure, at_least, at_most, machine, tell
from config.local.database import Urls, drop_database
from config.local.places import say, var_folder
from config.local.postgres import Server

NAME = "bench_telemonitoring"
SIZES = (1_500, 150_000)
_NEEDED = ("numbers", "accounts", "directory", "patients", "circles")
_PATHWAY = Path(__file__).resolve().parents[1] / "terresante" / "questionnaires" / "shipped" / "covid-adulte"
_AT_ONCE = 500  # events, as the dispatcher hands them over
_MOST_ANSWERS = 2_000  # by one process
_WATCHED_AMONG = 6_000
STREAMED = 3_750  # thirty seconds of them
# 75,000 answers in ten minutes; every deadline of noon within one.
_ANSWERS_A_SECOND, _SECONDS, _GROWTH = 125, 60, 1.3


@dataclass(frozen=True)
class Measured:
    """Of one size: seconds for one row, and for all the deadlines."""

    follow_ups: int
    coloured: int
    colouring: float
    reminding: float
    answers: int
    answering: float
    showing: float

    @property
    def one_answer(self) -> float:
        return (self.answering + self.showing) / self.answers

    @property
    def one_deadline(self) -> float:
        return self.colouring / self.coloured


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.telemonitoring")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="people followed")
    parser.add_argument("--answers", type=int, default=STREAMED, help="arriving at 125 a second")
    parser.add_argument("--seconds", type=float, default=3, help="of each measure of the board")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--smoke", action="store_true", help="on the server of the tests")
    asked = parser.parse_args(arguments)
    context = machine()
    with running(is_smoke=asked.smoke) as server:
        found = figures(server, asked.sizes, answers=asked.answers, pace=_pace(asked))
    tell(
        found,
        context=f"{context} ; {', '.join(map(str, asked.sizes))} suivis",
        path=asked.output or var_folder() / "bench-telemonitoring.json",
    )
    return 0


def _pace(asked: argparse.Namespace) -> Pace:
    return Pace(asked.rounds, asked.seconds, clients=2 if asked.smoke else CLIENTS)


def figures(server: Server, sizes: Sequence[int], *, answers: int, pace: Pace) -> list[Figure]:
    measured, board = [], []
    for size in sizes:
        urls = _filled(server, size)
        if size == sizes[-1]:
            # As telemonitoring.sql gives them to the cell of structure 1: 1,200 from 6,000 people followed on.
            watched = min(size, _WATCHED_AMONG) // 5
            board = watching.figures(urls, NAME, watched=watched, pace=pace)
        measured.append(_measured(size))
    first = measured[-1].answers + 1
    streamed = stream.figures(urls, NAME, first=first, answers=min(answers, sizes[-1] - first))
    _disconnect()
    drop_database(server, NAME)
    return [*_of_sizes(measured), *streamed, *board]


def _of_sizes(measured: Sequence[Measured]) -> list[Figure]:
    first, last = measured[0], measured[-1]
    found = [
        at_most(f"échéances : {last.coloured} colorées", last.colouring, "s", aim=_SECONDS),
        at_most(f"rappels : {last.follow_ups} envoyés", last.reminding, "s", aim=_SECONDS),
        at_least("réponses : un processus", last.answers / last.answering, "/s", aim=_ANSWERS_A_SECOND),
        at_least("réponses : portées au tableau", last.answers / last.showing, "/s", aim=_ANSWERS_A_SECOND),
    ]
    if first is last:
        return found
    of_deadline, of_answer = last.one_deadline / first.one_deadline, last.one_answer / first.one_answer
    sizes = f"de {first.follow_ups} à {last.follow_ups} suivis"
    return [
        *found,
        at_most(f"une échéance, {sizes}", of_deadline, "×", aim=_GROWTH),
        at_most(f"une réponse, {sizes}", of_answer, "×", aim=_GROWTH),
    ]


def _measured(size: int) -> Measured:
    answered, answering, showing = _answered(min(_MOST_ANSWERS, size // 2))
    _, reminding = _timed(lambda: _until_done("remind_due"))
    coloured, colouring = _timed(lambda: _until_done("colour_due"))
    say(
        f"{size} suivis : {coloured} échéances en {colouring:.1f} s, {answered} réponses en {answering:.1f} s"
    )
    return Measured(size, coloured, colouring, reminding, answered, answering, showing)


def _filled(server: Server, size: int) -> Urls:
    _disconnect()
    drop_database(server, NAME)
    urls = migrated(server, NAME)
    _connect(urls)
    _fill(urls, size)
    return urls


def _connect(urls: Urls) -> None:
    """This process becomes one of the platform's."""
    os.environ.update(environment(urls))
    django.setup()
    connections["default"].settings_dict.update(NAME=NAME)


def _disconnect() -> None:
    """Before the database goes, and with it the connections that wait in the pool."""
    if apps.ready:
        default = connections["default"]
        default.close()
        if isinstance(default, DatabaseWrapper):
            default.close_pool()


def _fill(urls: Urls, size: int) -> None:
    from bench.answers import SAID  # noqa: PLC0415 -- once set up
    from terresante.kernel.actor import Actor  # noqa: PLC0415
    from terresante.questionnaires.pathway import folder  # noqa: PLC0415
    from terresante.questionnaires.pathway_actions import load  # noqa: PLC0415

    version, _ = load(Actor.job("bench"), folder(_PATHWAY))
    settings = {"patients": str(size), "version": str(version.pk), "answers": json.dumps(SAID)}
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute("SELECT set_config('bench.' || %s, %s, false)", [name, value])
        connection.execute("SET session_replication_role = replica")
        for label, statements in steps():
            if label in _NEEDED:
                connection.execute(statements)
        connection.execute(Path(__file__).with_name("telemonitoring.sql").read_text())
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")


def _until_done(job: str) -> int:
    from terresante.telemonitoring import jobs  # noqa: PLC0415 -- once set up

    done, step = 0, getattr(jobs, job)
    while found := step(timezone.now()):
        done += found
    return done


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


def _answered(number: int) -> tuple[int, float, float]:
    """Each in a transaction of its own, as they come; the board by batches, as the dispatcher makes them."""
    from bench.answers import answered, version  # noqa: PLC0415 -- once set up
    from terresante.kernel import rls  # noqa: PLC0415
    from terresante.kernel.actor import Actor  # noqa: PLC0415
    from terresante.questionnaires.actions import event_of  # noqa: PLC0415
    from terresante.telemonitoring.handlers import show_answers  # noqa: PLC0415

    known = version()
    began = time.monotonic()
    given = [event_of(answered(person, known)) for person in range(1, number + 1)]
    stored = time.monotonic()
    for first in range(0, number, _AT_ONCE):
        with rls.acting(Actor.job("bench")):
            show_answers(given[first : first + _AT_ONCE])
    return number, stored - began, time.monotonic() - stored


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
