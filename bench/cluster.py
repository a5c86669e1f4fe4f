"""The private cluster of the measures: durable, sized for a million patients, kept in var/bench.

A smoke run measures nothing: it takes the server of the tests, where every migration has run already.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from config.local.binaries import find_binaries
from config.local.database import Urls, copy_database, drop_database, prepare
from config.local.places import ROOT, var_folder
from config.local.postgres import Cluster, Server
from config.local.testing import migrated as migrated_for_tests
from config.local.testing import test_server

SECRET_KEY = "bench"  # noqa: S105 -- of a private cluster that holds nobody
FOLDER = var_folder() / "bench"
_CLUSTER = (FOLDER / "cluster").absolute()
# Durable as PostgreSQL is by default (fsync, full_page_writes, synchronous_commit); only memory and WAL are sized.
SETTINGS = {
    "shared_buffers": "3GB",
    "effective_cache_size": "8GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "max_connections": "120",
    # When each transaction was committed: how late a board shows an answer.
    "track_commit_timestamp": "on",
}
SMOKE, SMOKE_PATIENTS = "bench_smoke", 200
SIZES = {"bench_10k": 10_000, "bench_100k": 100_000, "bench_1m": 1_000_000}


@contextmanager
def running(*, is_smoke: bool = False) -> Iterator[Server]:
    if is_smoke:
        server = test_server()
        try:
            yield server
        finally:
            _forget(server)
        return
    cluster = Cluster(_CLUSTER, find_binaries())
    server = cluster.start(settings=SETTINGS)
    try:
        yield server
    finally:
        cluster.stop()


def _forget(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        ours = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'").fetchall()
    for (name,) in ours:
        drop_database(server, name)


def migrated(server: Server, name: str) -> Urls:
    if server.state_dir != _CLUSTER:
        drop_database(server, name)
        copy_database(server, migrated_for_tests(server), name)
        return prepare(server, name)
    urls = prepare(server, name)
    command = [sys.executable, "-m", "config.console", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(urls), check=True)
    return urls


def environment(urls: Urls) -> Mapping[str, str]:
    """Of a process of the platform, as in production: nothing of a demonstration nor of the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TERRESANTE_")}
    return {
        **kept,
        **urls.environment(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "TERRESANTE_VAR": str(FOLDER),
        "TERRESANTE_SECRET_KEY": SECRET_KEY,
        "TERRESANTE_DATA_KEYS": "1:" + "A" * 43 + "=",
    }


def patients_in(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute("SELECT count(*) FROM patients_patient").fetchone()
    return int(row[0]) if row else 0
