"""Answers that arrive at a rate by several processes while the worker runs: how late each shows, that none is lost.

The delay of an answer goes from the commit of its row to the commit of the board's row, both by the server's clock
(`track_commit_timestamp`): nothing is asked of the database while it is measured.
"""

import subprocess
import sys
import time
from dataclasses import dataclass

import psycopg

from bench.cluster import environment
from bench.report import Figure, at_least, at_most
from bench.serving import Platform, supervised
from config.local.database import Urls
from config.local.places import ROOT, say

RATE, IN_TIME = 125, 10.0
PROCESSES = 3
# After the last answer, how long the board is waited for, in seconds.
_PATIENCE = 120
# An alert that was open before holds its own colour, when it is worse.
_CAME = """
SELECT response.id, pg_xact_commit_timestamp(response.xmin) AS stored, pg_xact_commit_timestamp(whole.xmin) AS shown,
       whole.last_answer_at = response.authored_at AND whole.answer_colour = response.colour
       AND colour_rank(whole.colour) >= colour_rank(response.colour) AS is_shown
FROM questionnaires_questionnaireresponse AS response
JOIN telemonitoring_followup AS whole ON whole.id = response.follow_up_id
WHERE response.received_at >= %s
"""
_LATE = f"""
SELECT count(*), count(*) FILTER (WHERE is_shown),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM shown - stored))
        FILTER (WHERE is_shown),
    extract(epoch FROM max(stored) - min(stored))
FROM ({_CAME}) AS came
"""  # noqa: S608 -- our own text


@dataclass(frozen=True)
class _Told:
    stored: int
    shown: int
    median: float
    late: float
    seconds: float


def figures(urls: Urls, name: str, *, first: int, answers: int) -> list[Figure]:
    """Persons `first` to `first + answers - 1` answer; what waited in the outbox before is dropped, not measured."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("TRUNCATE kernel_outboxevent, kernel_handlercursor CASCADE")
        with supervised() as supervisor:
            Platform(name, urls, supervisor).worker()
            began = connection.execute("SELECT clock_timestamp()").fetchone()
            refused = _sent(urls, first=first, answers=answers)
            told = _until_shown(connection, began, answers - refused)
    say(f"{answers} réponses envoyées, {refused} refusées, {told.stored} en base, {told.shown} au tableau")
    return [
        at_least(
            f"réponses : {PROCESSES} processus, travailleur en marche",
            told.stored / told.seconds,
            "/s",
            aim=RATE * 0.98,
        ),
        Figure(
            name=f"réponses montrées au tableau, pour {answers} envoyées",
            value=told.shown,
            unit="",
            baseline=answers,
            ratio=told.shown / answers,
            bound="= 1",
            holds=told.shown == answers,
        ),
        Figure(name="de la réponse au tableau, médiane", value=told.median, unit="s"),
        at_most("de la réponse au tableau, 95e centile", told.late, "s", aim=IN_TIME),
    ]


def _sent(urls: Urls, *, first: int, answers: int) -> int:
    """How many were refused."""
    parts = [len(range(index, answers, PROCESSES)) for index in range(PROCESSES)]
    senders = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bench.answerer",
                str(first + index),
                str(PROCESSES),
                str(count),
                str(RATE / PROCESSES),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(urls),
        )
        for index, count in enumerate(parts)
    ]
    for sender in senders:
        assert sender.stdout is not None
        sender.stdout.readline()
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("\n")
        sender.stdin.flush()
    said = [sender.communicate()[0] for sender in senders]
    if any(sender.returncode for sender in senders):
        raise RuntimeError("a process that answers has failed")
    return sum(int(each.split()[0]) for each in said)


def _until_shown(connection: psycopg.Connection, began: object, expected: int) -> _Told:
    deadline = time.monotonic() + _PATIENCE
    while (told := _told(connection, began)).shown < expected and time.monotonic() < deadline:
        time.sleep(2)
    return told


def _told(connection: psycopg.Connection, began: object) -> _Told:
    assert isinstance(began, tuple)
    stored, shown, delays, seconds = connection.execute(_LATE, began).fetchone() or (0, 0, None, 0)
    middle, late = delays or (0.0, 0.0)
    return _Told(int(stored), int(shown), float(middle), float(late), max(float(seconds or 0), 0.001))
