"""The database of the tests: one server for the checkout, one migrated template, one copy per worker."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseServer

import psycopg
import pytest
from django.db import connection, connections
from django.db.backends.signals import connection_created
from playwright.sync_api import Browser, expect, sync_playwright
from psycopg import sql
from pytest_django import Settings

from config.local.database import drop_database
from config.local.postgres import Server
from config.local.testing import migrated, test_server
from terresante.directory.enums import OrganizationKind, Profession
from terresante.kernel.actor import Actor
from tests.backstage import backstage
from tests.cast import Cast, Kept, assemble, organization, professional
from tests.journeys.visits import PATIENCE, chromium
from tests.prepared import remember
from tests.walls import empty_tables, forget_settings, walls_down, walls_up

# The longest, first, and those of `make check-long` among them: two processes then end at about the same time.
_LONGEST = (
    "test_faults.py",
    "test_oracle.py",
    "test_loading.py",
    "test_audience.py",
    "test_matrix.py",
    "test_damaged.py",
    "test_forged_urls.py",
    "test_region.py",
    "test_plain_sql.py",
    "test_conformance.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.path.name))


def rank(name: str) -> int:
    return _LONGEST.index(name) if name in _LONGEST else len(_LONGEST)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector does not walk through all of it again, and makes fewer rounds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_configure() -> None:
    gc.disable()
    connection_created.connect(remember)
    # How often a server looks whether it is to stop, in seconds: by default twice a second, which each of the hundred
    # and fifty tests that open one waited for.
    BaseServer.serve_forever.__defaults__ = (0.02,)


@pytest.fixture(scope="session")
def django_db_setup(worker_name: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    major = os.environ.get("TERRESANTE_TEST_PG")
    server = test_server(int(major) if major else None)
    template = migrated(server)
    name = f"test_{worker_name}_{os.getpid()}"
    _admin(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)),
    )
    # A copy does not take its template's privileges: without this, tests could do what deploy/database.sql refuses.
    _admin(server, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    connection.settings_dict.update(
        NAME=name, USER=server.superuser, PASSWORD=server.password, HOST=server.host, PORT=str(server.port)
    )
    yield
    backstage.close()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        connections.close_all()
    drop_database(server, name)


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(autouse=True)
def _commits_for_real(request: pytest.FixtureRequest) -> Iterator[None]:
    """`@pytest.mark.commits`: no surrounding transaction; the tables are emptied afterwards.

    The cast always commits: what it played for a test that does not is taken away before the next one.
    """
    if not backstage.is_empty:
        empty_tables()
    forget_settings()
    if request.node.get_closest_marker("commits") is None:
        yield
        return
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        yield
        walls_up()
        empty_tables()


def _admin(server: Server, statement: sql.Composed) -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(statement)


@pytest.fixture(scope="session")
def troupe(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Kept[Cast]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        return Kept(assemble, Cast.again)


@pytest.fixture
def cast(request: pytest.FixtureRequest, troupe: Kept[Cast]) -> Cast:
    """The named cast of tests/cast.py, in the test's own database."""
    if request.node.get_closest_marker("commits") is None:
        request.getfixturevalue("db")
    return troupe.play()


@pytest.fixture
def admin(cast: Cast) -> Actor:
    """Denis administers the platform and knows nobody."""
    with walls_down():
        group = organization("Groupement", OrganizationKind.SESAN)
        return professional("denis", Profession.OTHER, group, duties=["administrator"])


@pytest.fixture
def files_of_the_test(settings: Settings, tmp_path: Path) -> None:
    """On the disk: in memory (tests/settings.py), what each test files would stay as long as its process."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": storage}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all the tests: Playwright runs once in a process."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()
