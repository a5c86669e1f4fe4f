"""The database of the tests: one server for the checkout, one migrated template, one copy per worker."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql

from config.local.database import Urls, prepare
from config.local.postgres import Server
from config.local.testing import test_server
from tests.cast import Cast, Troupe
from tests.journeys.visits import chromium
from tests.walls import empty_tables

ROOT = Path(__file__).parent
TEMPLATE = "terresante_template"


# The longest, first: two processes then end at about the same time.
_LONGEST = (
    "test_oracle.py",
    "test_forged_urls.py",
    "test_region.py",
    "test_plain_sql.py",
    "test_conformance.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(scope="session")
def django_db_setup(worker_name: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    major = os.environ.get("TERRESANTE_TEST_PG")
    server = test_server(int(major) if major else None)
    _migrate_template(server)
    name = f"test_{worker_name}_{os.getpid()}"
    _admin(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE)),
    )
    # A copy does not take its template's privileges: without this, tests could do what deploy/database.sql refuses.
    _admin(server, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    connection.settings_dict.update(
        NAME=name, USER=server.superuser, PASSWORD=server.password, HOST=server.host, PORT=str(server.port)
    )
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        connections.close_all()
    _admin(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(autouse=True)
def _commits_for_real(request: pytest.FixtureRequest) -> Iterator[None]:
    """`@pytest.mark.commits`: no surrounding transaction; the tables are emptied afterwards."""
    if request.node.get_closest_marker("commits") is None:
        yield
        return
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        yield
        empty_tables()


def _migrate_template(server: Server) -> None:
    state = server.state_dir / "template.lock"
    with state.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        wanted = _schema_digest()
        if lock.read() == wanted:
            return
        _admin(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(TEMPLATE)))
        _migrate(prepare(server, TEMPLATE))
        lock.seek(0)
        lock.truncate()
        lock.write(wanted)


def _migrate(urls: Urls) -> None:
    environment = {
        **os.environ,
        **urls.environment(),
        "TERRESANTE_TESTING": "",
        "TERRESANTE_SECRET_KEY": "tests",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "config.console", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise pytest.UsageError(f"the template database was not migrated:\n{done.stderr[-3000:]}")


def _schema_digest() -> str:
    files = sorted([*ROOT.glob("terresante/*/migrations/**/*.py"), *ROOT.glob("deploy/*.sql")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _admin(server: Server, statement: sql.Composed) -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(statement)


@pytest.fixture(scope="session")
def troupe(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Troupe:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        return Troupe()


@pytest.fixture
def cast(request: pytest.FixtureRequest, troupe: Troupe) -> Cast:
    """The named cast of tests/cast.py, in the test's own database."""
    if request.node.get_closest_marker("commits") is None:
        request.getfixturevalue("db")
    return troupe.play()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all the tests: Playwright runs once in a process."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()
