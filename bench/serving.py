"""The platform's services on one of the databases, as in production, and the accounts that use them."""

import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.error import URLError

import psycopg
from psycopg import sql

from bench.cluster import FOLDER, environment
from config.local.database import Urls
from config.local.places import HOST, ROOT
from config.local.postgres import Server
from config.local.supervisor import Service, Supervisor

TERRESANTE = (sys.executable, "-m", "config.console")
BYPASSING = "bench_bypassing"
_PASSWORD = "bench"  # noqa: S105 -- of a role that exists in the private cluster only


@dataclass(frozen=True)
class Platform:
    """One database and what serves it."""

    name: str
    urls: Urls
    supervisor: Supervisor = field(repr=False)

    def pages(self, *, settings: str = "config.settings", kind: str = "pages") -> int:
        """Starts `serve`; returns its port."""
        port = free_port()
        self._start(kind, ("serve", "--port", str(port)), {"DJANGO_SETTINGS_MODULE": settings}, port)
        return port

    def live(self) -> int:
        port = free_port()
        self._start("live", ("live", "--port", str(port)), {}, port, path="")
        return port

    def worker(self) -> None:
        self._start("worker", ("worker",), {}, None)

    def mllp(self, port: int) -> None:
        """Senders known by their port: the one thing that asks for a demonstration's setting."""
        self._start("mllp", ("mllp",), {"TERRESANTE_DEMO": "1"}, port, path="")

    def without_walls(self) -> "Platform":
        """The same database under a role whom row policies do not hold."""
        url = self.urls.app.replace("terresante_app", BYPASSING, 1)
        head, _, tail = url.rpartition("@")
        scheme, _, _ = head.partition("://")
        return replace(
            self,
            urls=replace(self.urls, app=f"{scheme}://{BYPASSING}:{_PASSWORD}@{tail}"),
            name=f"{self.name}-bare",
        )

    def _start(
        self,
        kind: str,
        arguments: tuple[str, ...],
        more: Mapping[str, str],
        port: int | None,
        *,
        path: str = "healthz",
    ) -> None:
        ready = partial(_answers, port, path) if port else None
        self.supervisor.start(
            Service(
                name=f"{self.name}-{kind}",
                argv=(*TERRESANTE, *arguments),
                env={**environment(self.urls), **more},
                ready_check=ready,
            )
        )


@contextmanager
def supervised() -> Iterator[Supervisor]:
    with Supervisor(log_dir=FOLDER / "log", cwd=ROOT) as supervisor:
        yield supervisor


def make_bypassing_role(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [BYPASSING]).fetchone():
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS").format(sql.Identifier(BYPASSING)))
        admin.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(BYPASSING), sql.Literal(_PASSWORD))
        )
        admin.execute(sql.SQL("GRANT terresante_app TO {}").format(sql.Identifier(BYPASSING)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    if not path:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, port)) == 0
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/{path}", timeout=2):
            return True
    except (URLError, OSError):
        return False
