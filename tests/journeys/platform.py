"""A whole platform for the journeys: its own database and region, pages, streams, worker and MLLP listener."""

import fcntl
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from config.local.database import Urls, copy_database, drop_database, plan_once, prepare
from config.local.demo import DemoAccount, answers, free_port, listens, provider_environment, provider_service
from config.local.places import HOST, ROOT
from config.local.postgres import Server
from config.local.supervisor import Service, Supervisor
from config.local.testing import migrated, test_server

_REGION = "journeys_region"
_HEARD_WITHIN = 30  # seconds
# What is dated of one follow-up, and its key there.
_TIMED = {
    "telemonitoring_followup": "id",
    "telemonitoring_expected": "follow_up_id",
    "telemonitoring_answerlink": "follow_up_id",
    "telemonitoring_alert": "follow_up_id",
    "questionnaires_questionnaireresponse": "follow_up_id",
}
# Loaded anew by each run: its days are counted from now.
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(16)


@dataclass(frozen=True)
class Platform:
    base_url: str
    mllp_port: int
    accounts: dict[str, DemoAccount]
    patients: list[dict[str, object]]
    var: Path
    # Of the superuser, for what no browser does.
    database: str

    def days_pass(self, follow_up: str, to: str) -> None:
        """So many days that this step has just opened for the first time: every moment written of the follow-up goes
        back.
        """
        with psycopg.connect(self.database) as connection:
            _wait_until_heard(connection, follow_up)
            connection.execute("SET TimeZone = 'Europe/Paris'")
            passed = connection.execute(
                "SELECT opens_at - now() + interval '1 minute', opens_at::date - now()::date"
                " FROM telemonitoring_expected WHERE follow_up_id = %s AND step = %s AND state = 'waiting'"
                " ORDER BY opens_at LIMIT 1",
                [follow_up, to],
            ).fetchone()
            assert passed, f"nothing of {to} is waited for"
            for table, key in _TIMED.items():
                _move_back(connection, table, key, follow_up, passed[0])
            connection.execute(
                "UPDATE telemonitoring_followup SET anchor_on = anchor_on - %s WHERE id = %s",
                [passed[1], follow_up],
            )

    def account(self, words: str) -> DemoAccount:
        """The demonstration account whose login or role contains these words."""
        return next(a for a in self.accounts.values() if words.lower() in f"{a.login} {a.role}".lower())


@contextmanager
def running_platform(var: Path) -> Iterator[Platform]:
    """On a copy of the region, which the processes of one run load once between them."""
    server = test_server()
    name = f"journeys_{os.getpid()}_{secrets.token_hex(3)}"
    pages, mllp, psc, franceconnect = (free_port() for _ in range(4))
    ports = {
        "TERRESANTE_PORT": str(pages),
        "TERRESANTE_MLLP_PORT": str(mllp),
        "TERRESANTE_BASE_URL": f"http://{HOST}:{pages}",
        **provider_environment("psc", psc),
        **provider_environment("franceconnect", franceconnect),
    }
    env = _environment(_copied_region(server, name, var), var) | ports
    try:
        with psycopg.connect(server.url(name)) as copy:
            copy.execute(
                "UPDATE interop_sendersystem SET port = %s, return_host = '', return_port = NULL"
                " WHERE port IS NOT NULL",
                [mllp],
            )
        with Supervisor(log_dir=var / "log", cwd=ROOT) as supervisor:
            serve = _command("serve", "--with-live", "--port", str(pages))
            supervisor.start(Service("serve", serve, env, lambda: answers(pages, "/readyz")))
            base_url = f"http://{HOST}:{pages}"
            for provider, port in (("psc", psc), ("franceconnect", franceconnect)):
                supervisor.start(provider_service(provider, port, base_url=base_url, var=var, keys=env))
            supervisor.start(Service("worker", _command("worker"), env))
            supervisor.start(Service("mllp", _command("mllp"), env, lambda: listens(mllp)))
            yield _described(var, pages, mllp, server.url(name))
    finally:
        drop_database(server, name)


def _copied_region(server: Server, name: str, var: Path) -> Urls:
    """Its database under this name, its files in `var`."""
    home = server.state_dir / "region"
    home.mkdir(exist_ok=True)
    with (home / "run").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != _RUN:
            _load_region(server, home / "var")
            lock.seek(0)
            lock.truncate()
            lock.write(_RUN)
            lock.flush()
        copy_database(server, _REGION, name)
        plan_once(server, name)
        shutil.copytree(home / "var", var, dirs_exist_ok=True, ignore=shutil.ignore_patterns("log"))
    return prepare(server, name)


def _load_region(server: Server, var: Path) -> None:
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir()
    drop_database(server, _REGION)
    copy_database(server, migrated(server), _REGION)
    env = _environment(prepare(server, _REGION), var) | {"TERRESANTE_MLLP_PORT": "1"}
    with Supervisor(log_dir=var / "log", cwd=ROOT) as supervisor:
        supervisor.run_once(Service("load_communes", _command("load_communes"), env))
        supervisor.run_once(Service("load_demo", _command("load_demo"), env))


def _environment(urls: Urls, var: Path) -> dict[str, str]:
    return {
        **urls.environment(),
        "TERRESANTE_VAR": str(var),
        "TERRESANTE_DEMO": "1",
        "TERRESANTE_TESTING": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "TERRESANTE_SECRET_KEY": "of-the-journeys-only-" * 2,
        "TERRESANTE_MLLP_HOST": HOST,
        "TERRESANTE_HOSTS": f"{HOST} localhost",
        "PYTHONPATH": str(ROOT),
    }


def _wait_until_heard(connection: psycopg.Connection, follow_up: str) -> None:
    """What was answered is marked so by the worker: a day that passes before would make a silence of it."""
    unheard = (
        "SELECT EXISTS (SELECT 1 FROM telemonitoring_expected AS one"
        " JOIN questionnaires_questionnaireresponse AS said ON said.occurrence_id = one.id"
        " WHERE one.follow_up_id = %s AND one.state = 'waiting' AND said.status = 'completed')"
    )
    limit = time.monotonic() + _HEARD_WITHIN
    while (connection.execute(unheard, [follow_up]).fetchone() or (False,))[0]:
        assert time.monotonic() < limit, "the worker heard of no answer"
        connection.rollback()
        time.sleep(0.2)


def _move_back(
    connection: psycopg.Connection, table: str, key: str, follow_up: str, passed: timedelta
) -> None:
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND data_type = 'timestamp with time zone'",
        [table],
    ).fetchall()
    moved = sql.SQL(", ").join(
        sql.SQL("{0} = {0} - {1}").format(sql.Identifier(name), sql.Literal(passed)) for (name,) in columns
    )
    connection.execute(
        sql.SQL("UPDATE {} SET {} WHERE {} = {}").format(
            sql.Identifier(table), moved, sql.Identifier(key), sql.Literal(follow_up)
        )
    )


def _described(var: Path, pages: int, mllp: int, database: str) -> Platform:
    listed = [DemoAccount(**each) for each in json.loads((var / "demo-accounts.json").read_text())]
    patients = json.loads((var / "demo-hospital.json").read_text())
    return Platform(f"http://{HOST}:{pages}", mllp, {a.login: a for a in listed}, patients, var, database)


def _command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "config.console", *arguments)
