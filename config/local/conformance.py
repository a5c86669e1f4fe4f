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
    try:
        for arguments in (
            ["migrate", "--verbosity", "0"],
            ["conformance_in_database", sys.argv[2]],
            ["conformance_of_documents", sys.argv[2]],
            ["conformance_of_results", sys.argv[2]],
            ["conformance_of_terminologies", sys.argv[2]],
            ["conformance_of_fhir", sys.argv[2]],
        ):
            command = [sys.executable, "-m", "config.console", *arguments]
            ended = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603 - ourselves
            if ended.returncode:
                raise Failure("La conformité n’est pas établie : voir ci-dessus.")
    finally:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
