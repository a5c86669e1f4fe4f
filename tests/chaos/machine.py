"""A database, a listener and a worker of our own, which can be killed at any moment and started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench.cluster import environment
from bench.serving import free_port
from config.local.binaries import find_binaries
from config.local.database import Urls, prepare
from config.local.places import ROOT
from config.local.postgres import Cluster, kept_data
from simulators.hospital.messages import Person
from tests.chaos.flow import AUTHORITY

_READY = 90.0  # seconds
_NAME = "chaos"


@dataclass
class Machine:
    """Durable as in production: fsync, synchronous commits, full pages."""

    folder: Path
    port: int = field(default_factory=free_port)
    kills: Counter[str] = field(default_factory=Counter)
    urls: Urls | None = None
    _cluster: Cluster | None = None
    _processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def prepare(self, people: int) -> list[Person]:
        self._start_database()
        self._run("config.console", "migrate", "--verbosity", "0")
        told = self._run(
            "tests.chaos.people", str(people), str(self.port),
            DATABASE_URL=self._urls.superuser, TERRESANTE_TESTING="1",
        )  # fmt: skip
        return [_person(row) for row in json.loads(told)]

    def start(self, kind: str) -> None:
        """Returns when it is ready: the listener listens; a worker says nothing, and is taken at its word."""
        log = (self.folder / f"{kind}.log").open("ab")
        self._processes[kind] = subprocess.Popen(
            [sys.executable, "-m", "config.console", kind],
            cwd=ROOT,
            env=self._environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def kill(self, kind: str) -> None:
        """SIGKILL, then started again: to the listener and the worker a database is lost as a network is."""
        self.kills[kind] += 1
        if kind == "database":
            self._kill_database()
            self._start_database()
        else:
            process = self._processes.pop(kind)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.start(kind)

    def revive(self) -> None:
        """What ended by itself when its database was lost, as a service manager does."""
        for kind, process in list(self._processes.items()):
            if process.poll() is not None:
                self.start(kind)

    def rows(self, statement: str) -> list[tuple]:
        with psycopg.connect(self._urls.superuser) as connection:
            return connection.execute(statement).fetchall()

    def close(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster.destroy()

    @property
    def _urls(self) -> Urls:
        assert self.urls is not None
        return self.urls

    def _start_database(self) -> None:
        """A killed server's processes end by themselves; until then its port and its memory are taken."""
        deadline = time.monotonic() + _READY
        while True:
            self._cluster = Cluster(self.folder / "cluster", find_binaries())
            try:
                server = self._cluster.start(settings={"max_connections": "60"})
            except Exception:
                self._cluster.stop()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                break
        self.urls = prepare(server, _NAME)

    def _kill_database(self) -> None:
        assert self._cluster is not None
        status = kept_data(self._cluster.data_dir) / "postmaster.pid"
        os.kill(int(status.read_text().split("\n", 1)[0]), signal.SIGKILL)
        self._cluster.stop()

    def _environment(self, **more: str) -> dict[str, str]:
        told = {"TERRESANTE_VAR": str(self.folder), "TERRESANTE_DEMO": "1"}
        return {**environment(self._urls), **told, **more}

    def _run(self, module: str, *arguments: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self._environment(**more),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{module} failed: {done.stderr[-1500:]}")
        return done.stdout


def scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="terresante-chaos-"))


def swept(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _person(row: dict[str, str]) -> Person:
    return Person(
        ipp=row["ipp"],
        birth_name=row["name"],
        given="ANNE",
        birth_date=row["born"],
        sex="F",
        birth_place="94028",
        authority=AUTHORITY,
    )
