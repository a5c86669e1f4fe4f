"""`terresante conformance FOLDER`: a database of its own on the test server, migrated, used once, dropped."""

import os
import socket
import subprocess
import sys

import psycopg
from psycopg import sql

from config.local.database import prepare
from config.local.failure import Failure
from config.local.testing import ROOT, test_server

# In this order: what comes later looks at what the first ones filed.
_KINDS = (
    "in_database",
    "of_documents",
    "of_descriptions",
    "of_results",
    "of_content",
    "of_terminologies",
    "of_fhir",
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run() -> None:
    if len(sys.argv) != 3:
        raise Failure("Indiquez le dossier des exemples : terresante conformance DOSSIER")
    server = test_server()
    name = f"conformance_{os.getpid()}"
    urls = prepare(server, name)
    environment = {
        **os.environ,
        **urls.environment(),
        "TERRESANTE_SECRET_KEY": "conformance",
        "TERRESANTE_DEMO": "1",
        "TERRESANTE_TESTING": "",
        "TERRESANTE_BASE_URL": f"http://127.0.0.1:{_free_port()}",
        "PYTHONPATH": str(ROOT),
    }

    def differs(*arguments: str) -> bool:
        command = [sys.executable, "-m", "config.console", *arguments]
        return bool(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)  # noqa: S603 - ourselves

    try:
        if differs("migrate", "--verbosity", "0"):
            raise Failure("La base des exemples n’a pu être préparée : voir ci-dessus.")
        # All of them, whatever the first ones find.
        if wrong := [kind for kind in _KINDS if differs(f"conformance_{kind}", sys.argv[2])]:
            raise Failure(f"La conformité n’est pas établie ({', '.join(wrong)}) : voir ci-dessus.")
    finally:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
