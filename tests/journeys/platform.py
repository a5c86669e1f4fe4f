"""A whole platform for the journeys: its own database and region, pages, streams, worker and MLLP listener."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.local.database import prepare
from config.local.demo import DemoAccount, answers, free_port, listens, provider_environment, provider_service
from config.local.places import HOST, ROOT
from config.local.supervisor import Service, Supervisor
from config.local.testing import test_server


@dataclass(frozen=True)
class Platform:
    base_url: str
    mllp_port: int
    accounts: dict[str, DemoAccount]
    patients: list[dict[str, object]]
    var: Path

    def account(self, words: str) -> DemoAccount:
        """The demonstration account whose login or role contains these words."""
        return next(a for a in self.accounts.values() if words.lower() in f"{a.login} {a.role}".lower())


@contextmanager
def running_platform(var: Path) -> Iterator[Platform]:
    server = test_server()
    name = f"journeys_{os.getpid()}_{secrets.token_hex(3)}"
    urls = prepare(server, name)
    pages, mllp, psc, franceconnect = (free_port() for _ in range(4))
    env = {
        **urls.environment(),
        "TERRESANTE_VAR": str(var),
        "TERRESANTE_DEMO": "1",
        "TERRESANTE_TESTING": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "TERRESANTE_SECRET_KEY": secrets.token_urlsafe(32),
        "TERRESANTE_PORT": str(pages),
        "TERRESANTE_MLLP_HOST": HOST,
        "TERRESANTE_MLLP_PORT": str(mllp),
        "TERRESANTE_BASE_URL": f"http://{HOST}:{pages}",
        "TERRESANTE_HOSTS": f"{HOST} localhost",
        "PYTHONPATH": str(ROOT),
        **provider_environment("psc", psc),
        **provider_environment("franceconnect", franceconnect),
    }
    try:
        with Supervisor(log_dir=var / "log", cwd=ROOT) as supervisor:
            supervisor.run_once(Service("migrate", _command("migrate", "--noinput"), env))
            supervisor.run_once(Service("load_communes", _command("load_communes"), env))
            supervisor.run_once(Service("load_demo", _command("load_demo"), env))
            serve = _command("serve", "--with-live", "--port", str(pages))
            supervisor.start(Service("serve", serve, env, lambda: answers(pages, "/readyz")))
            base_url = f"http://{HOST}:{pages}"
            for name, port in (("psc", psc), ("franceconnect", franceconnect)):
                supervisor.start(provider_service(name, port, base_url=base_url, var=var, keys=env))
            supervisor.start(Service("worker", _command("worker"), env))
            supervisor.start(Service("mllp", _command("mllp"), env, lambda: listens(mllp)))
            yield _described(var, pages, mllp)
    finally:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _described(var: Path, pages: int, mllp: int) -> Platform:
    listed = [DemoAccount(**each) for each in json.loads((var / "demo-accounts.json").read_text())]
    patients = json.loads((var / "demo-hospital.json").read_text())
    return Platform(f"http://{HOST}:{pages}", mllp, {a.login: a for a in listed}, patients, var)


def _command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "config.console", *arguments)
