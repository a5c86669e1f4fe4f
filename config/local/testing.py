"""One fast, unsafe PostgreSQL for all the test runs of this checkout.

`test_server()` may be called by any number of processes at once. A guardian process of its own runs the
server and stops it when the last process that called `test_server()` has ended, however it ended: each caller
holds a shared lock for its lifetime, the guardian waits for the exclusive one.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from config.local.binaries import find_binaries
from config.local.database import Urls, drop_database, prepare
from config.local.failure import Failure
from config.local.postgres import FAST_UNSAFE_SETTINGS, Cluster, Server, write_private

ROOT = Path(__file__).resolve().parents[2]

TEMPLATE = "terresante_template"

_held: dict[Path, int] = {}


def test_server(pg_major: int | None = None) -> Server:
    """Start the shared server or join it. Raises Failure."""
    home = ROOT / "var" / "test" / f"postgres-{find_binaries(pg_major).major}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "starting.lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if home not in _held:
            users = os.open(
                home / "users.lock", os.O_RDWR | os.O_CREAT
            )  # closed by the end of the process only
            fcntl.flock(users, fcntl.LOCK_SH)  # waits here for a guardian that is stopping
            _held[home] = users
        if not _is_guarded(home):
            _start_guardian(home, pg_major)
    known = json.loads((home / "server.json").read_text())
    socket_dir = known.pop("socket_dir")
    return Server(
        **known | {"state_dir": Path(known["state_dir"]), "socket_dir": socket_dir and Path(socket_dir)}
    )


test_server.__test__ = False  # type: ignore[attr-defined] # its name looks like a test to pytest


def migrated(server: Server) -> str:
    """The name of a database of this server where every migration has run, and nothing else; to be copied.

    Made once for the schema of this checkout, whoever asks first. Raises Failure.
    """
    with (server.state_dir / "template.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        wanted = _schema_digest()
        if lock.read() != wanted:
            drop_database(server, TEMPLATE)
            _migrate(prepare(server, TEMPLATE))
            lock.seek(0)
            lock.truncate()
            lock.write(wanted)
    return TEMPLATE


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
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise Failure(f"Les migrations n’ont pas pu être appliquées :\n{done.stderr[-3000:]}")


def _schema_digest() -> str:
    files = sorted([*ROOT.glob("terresante/*/migrations/**/*.py"), *ROOT.glob("deploy/*.sql")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _is_guarded(home: Path) -> bool:
    with (home / "guardian.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _start_guardian(home: Path, pg_major: int | None) -> None:
    with (home / "guardian.log").open("w") as log:
        guardian = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-m", "config.local.testing", str(home), str(pg_major or "")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            text=True,
        )
    assert guardian.stdout is not None  # noqa: S101 - for the type checker
    answer = guardian.stdout.readline().strip()
    guardian.stdout.close()
    if answer != "ready":
        raise Failure(answer or f"Le serveur de test n’a pas démarré (journal : {home / 'guardian.log'}).")
    guardian.returncode = 0  # it outlives us on purpose: no warning about a child still running


def guard(home: Path, pg_major: int | None) -> None:
    # Left in reverse order: who waits for `users` must not find us still `alive`.
    with (home / "users.lock").open("w") as users, (home / "guardian.lock").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        cluster = Cluster(home / "cluster", find_binaries(pg_major))
        try:
            server = _start_even_if_damaged(cluster)
        except Failure as failure:
            _tell(str(failure))
            return
        write_private(home / "server.json", json.dumps(asdict(server), default=str))
        _tell("ready")
        fcntl.flock(users, fcntl.LOCK_EX)
        cluster.stop()


def _start_even_if_damaged(cluster: Cluster) -> Server:
    """Without fsync a power cut may ruin the data; test data is only worth making again."""
    try:
        return cluster.start(settings=FAST_UNSAFE_SETTINGS)
    except Failure:
        if not (cluster.data_dir / "pgdata.path").exists():
            raise
        cluster.destroy()
        return cluster.start(settings=FAST_UNSAFE_SETTINGS)


def _tell(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    guard(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2] else None)
