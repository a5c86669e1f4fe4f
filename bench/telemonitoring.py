"""`python -m bench.telemonitoring`: deadlines coloured, reminders sent, answers taken in, by number of people followed.

A database of its own in the private cluster, made again each time. Answers go through the action and the handler, as in
one process of the platform; deadlines through the job. The growth is that of the cost of one.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django
import psycopg
from django.utils import timezone

from bench.cluster import drop, environment, migrated, running
from bench.data import steps
from bench.report import Figure, at_least, at_most, machine, tell
from config.local.database import Urls
from config.local.places import say, var_folder
from config.local.postgres import Server

_NAME = "bench_telemonitoring"
_SIZES = (1_500, 150_000)
_NEEDED = ("numbers", "accounts", "directory", "patients", "circles")
_PATHWAY = Path(__file__).resolve().parents[1] / "terresante" / "questionnaires" / "shipped" / "covid-adulte"
_AT_ONCE = 500  # events, as the dispatcher hands them over
_MOST_ANSWERS = 3_000
# 75,000 answers in ten minutes; every deadline of noon within one.
_ANSWERS_A_SECOND, _SECONDS, _GROWTH = 125, 60, 1.3
_FOLLOW_UPS = """
INSERT INTO telemonitoring_cell (id, organization_id, name, territory, opening_hours, days_off, phone, on_call_name,
    on_call_phone, lock_minutes, is_active)
SELECT pg_temp.key(20, 1), pg_temp.key(2, 1), 'Cellule', '', '{}', '[]', '', '', '', 15, true;
INSERT INTO telemonitoring_followup (id, patient_id, record_id, cell_id, version_id, data_class, status, state,
    anchor_on, enrolled_at, enrolled_by_name, end_reason, end_words, ended_by_name, baseline, personal, respondent,
    carer_name,
    phone_of_respondent, index_name, hides_index, colour, colour_since, answer_colour, silence_colour, reason, trend,
    late, hidden_from_patient)
SELECT pg_temp.key(21, n), pg_temp.key(5, n), pg_temp.key(6, n), pg_temp.key(20, 1),
    current_setting('bench.version')::uuid, 'medical', '', 'active', current_date - 5, now() - interval '5 days',
    'Bench', '', '', '', '{}', '{}', 'patient', '', '+33639980000', '', false, 'green', now(), 'green', '', '{}', '{}',
    false, false
FROM generate_series(1, pg_temp.patients()) AS n;
-- Five days that are over, this morning's, tomorrow's.
INSERT INTO telemonitoring_expected (id, patient_id, follow_up_id, step, form, role, opens_at, remind_at, grey_at,
    orange_at, state, reminded, silence, next_reminder_at, next_colour_at)
SELECT pg_temp.key(22, n * 8 + day), pg_temp.key(5, n), pg_temp.key(21, n), 'matin', 'quotidien', 'patient', opens,
    opens + interval '5 hours', opens + interval '5 hours', opens + interval '7 hours',
    CASE WHEN day < 5 THEN 'missed' ELSE 'waiting' END, 0, '',
    CASE WHEN day > 4 THEN opens END, CASE WHEN day > 4 THEN opens + interval '5 hours' END
FROM generate_series(1, pg_temp.patients()) AS n, generate_series(0, 6) AS day,
    LATERAL (SELECT now() - interval '5 hours' + make_interval(days => day - 5) AS opens) AS at;
"""


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
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="people followed")
    parser.add_argument("--answers", type=int, default=_MOST_ANSWERS)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(arguments)
    context = machine()
    with running() as server:
        measured = [_measure(server, size, answers=asked.answers) for size in asked.sizes]
    tell(
        figures(measured),
        context=f"{context} ; {', '.join(str(one.follow_ups) for one in measured)} suivis",
        path=asked.output or var_folder() / "bench-telemonitoring.json",
    )
    return 0


def figures(measured: Sequence[Measured]) -> list[Figure]:
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
    return [
        *found,
        at_most("une échéance, d’une taille à l’autre", of_deadline, "×", aim=_GROWTH),
        at_most("une réponse, d’une taille à l’autre", of_answer, "×", aim=_GROWTH),
    ]


def _measure(server: Server, size: int, *, answers: int) -> Measured:
    drop(server, _NAME)
    urls = migrated(server, _NAME)
    _connect(urls)
    _fill(urls, size)
    reminding = _timed(lambda: _until_done("remind_due"))
    answered, answering, showing = _answer(min(answers, size // 2))
    began = time.monotonic()
    coloured = _until_done("colour_due")
    colouring = time.monotonic() - began
    _disconnect()
    say(
        f"{size} suivis : {coloured} échéances en {colouring:.1f} s, {answered} réponses en {answering:.1f} s"
    )
    return Measured(size, coloured, colouring, reminding, answered, answering, showing)


def _connect(urls: Urls) -> None:
    """This process becomes one of the platform's, then of the next database."""
    os.environ.update(environment(urls))
    django.setup()
    from django.db import connection  # noqa: PLC0415 -- once set up

    connection.settings_dict.update(NAME=_NAME)


def _disconnect() -> None:
    from django.db import connection  # noqa: PLC0415 -- once set up

    connection.close()


def _fill(urls: Urls, size: int) -> None:
    from terresante.kernel.actor import Actor  # noqa: PLC0415 -- once set up
    from terresante.questionnaires.pathway import folder  # noqa: PLC0415
    from terresante.questionnaires.pathway_actions import load  # noqa: PLC0415

    version, _ = load(Actor.job("bench"), folder(_PATHWAY))
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SELECT set_config('bench.patients', %s, false)", [str(size)])
        connection.execute("SELECT set_config('bench.version', %s, false)", [str(version.pk)])
        connection.execute("SET session_replication_role = replica")
        for label, statements in steps():
            if label in _NEEDED:
                connection.execute(statements)
        connection.execute(_FOLLOW_UPS)
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")


def _until_done(job: str) -> int:
    from terresante.telemonitoring import jobs  # noqa: PLC0415 -- once set up

    done, step = 0, getattr(jobs, job)
    while found := step(timezone.now()):
        done += found
    return done


def _timed(work: object) -> float:
    began = time.monotonic()
    if callable(work):
        work()
    return time.monotonic() - began


def _answer(number: int) -> tuple[int, float, float]:
    """Each in a transaction of its own, as they come; the board by batches, as the dispatcher makes them."""
    from terresante.kernel import rls  # noqa: PLC0415 -- once set up
    from terresante.kernel.actor import Actor  # noqa: PLC0415
    from terresante.questionnaires.actions import answer  # noqa: PLC0415
    from terresante.questionnaires.events import QuestionnaireAnswered  # noqa: PLC0415
    from terresante.telemonitoring.handlers import show_answers  # noqa: PLC0415

    job, given = Actor.job("bench"), []
    began = time.monotonic()
    for person in range(1, number + 1):
        row = answer(job, _response(person))
        given.append(
            QuestionnaireAnswered(
                patient_id=row.patient_id,
                object_id=row.pk,
                follow_up_id=row.follow_up_id,
                occurrence_id=row.occurrence_id,
                colour=str(row.colour),
            )
        )
    answered = time.monotonic()
    for first in range(0, number, _AT_ONCE):
        with rls.acting(job):
            show_answers(given[first : first + _AT_ONCE])
    return number, answered - began, time.monotonic() - answered


def _response(person: int) -> object:
    from terresante.kernel.ids import new_id  # noqa: PLC0415 -- once set up
    from terresante.questionnaires.actions import NewResponse  # noqa: PLC0415
    from terresante.questionnaires.enums import ResponseSource  # noqa: PLC0415
    from terresante.questionnaires.models import PathwayVersion  # noqa: PLC0415

    version = PathwayVersion.objects.only("pk").get()
    return NewResponse(
        id=new_id(),
        record_id=_key(6, person),
        version_id=version.pk,
        form="quotidien",
        answers=_SAID | {"spo2": 92 if person % 50 == 0 else 98},
        source=ResponseSource.LINK,
        authored_at=timezone.now() - timedelta(seconds=1),
        follow_up_id=_key(21, person),
        occurrence_id=_key(22, person * 8 + 5),
        respondent_name="Une personne",
        patient_id=_key(5, person),
    )


def _key(kind: int, number: int) -> UUID:
    """As region.sql makes them."""
    return UUID(f"{kind:08x}-0000-7000-8000-{number:012x}")


_SAID = {
    "temperature": 37,
    "respiration": 16,
    "pouls": 72,
    "souffle": "none",
    "frissons": "no",
    "malaise": "no",
    "alimentation": "yes",
    "thorax": "no",
    "etat": "good",
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
