"""A private PostgreSQL server: created, started and stopped by us, on 127.0.0.1 only."""

import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from config.local.account import Account, as_account, reachable_folder, unprivileged_account
from config.local.binaries import Binaries
from config.local.binding import start_bound
from config.local.failure import Failure, told_by_service

HOST = "127.0.0.1"
SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's is 107 on Linux, 103 on macOS
START_SECONDS = 60
STOP_SECONDS = 30
BUILTIN_LOCALE_MAJOR = 18
FAST_UNSAFE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    # The smoke run of the measures asks when each row was committed.
    "track_commit_timestamp": "on",
}


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    superuser: str
    password: str
    major: int
    socket_dir: Path | None
    state_dir: Path
    has_statement_statistics: bool

    def url(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        name, word = (user, password or "") if user else (self.superuser, self.password)
        return f"postgresql://{name}:{quote(word, safe='')}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True)
class _Identity:
    """What must not change from one start to the next."""

    port: int
    password: str


class Cluster:
    """The cluster kept under `data_dir`; one process at a time may run it."""

    def __init__(self, data_dir: Path, binaries: Binaries) -> None:
        self.data_dir = data_dir.absolute()
        self.log_path = self.data_dir / "postgres.log"
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def start(self, *, settings: Mapping[str, str] | None = None) -> Server:
        """Raises Failure with one sentence: already running, other major version, no right, no start."""
        self._lock = _locked(self.data_dir)
        account = unprivileged_account(kept_data(self.data_dir))
        binaries = self._binaries.readable_by(account)
        pgdata = reachable_folder(self.data_dir, account) / "pgdata"
        (self.data_dir / "pgdata.path").write_text(str(pgdata))
        identity = self._read_identity()
        _stop_orphan(pgdata)
        if not (pgdata / "PG_VERSION").exists():
            _create(pgdata, binaries, account, password=identity.password)
        _check_major(pgdata, binaries)
        socket_dir = (
            pgdata if len(os.fsencode(pgdata)) + len("/.s.PGSQL.65535") <= SOCKET_PATH_LIMIT else None
        )
        statistics = binaries.has_extension("pg_stat_statements")
        options = {
            "listen_addresses": HOST,
            "port": str(identity.port),
            "unix_socket_directories": str(socket_dir or ""),
            **({"shared_preload_libraries": "pg_stat_statements"} if statistics else {}),
            **(settings or {}),
        }
        command: list[str | Path] = [binaries.bin / "postgres", "-D", pgdata]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log_path.open("wb") as log:
            self._process = start_bound(
                command,
                env=_environment(),
                log=log,
                death_signal=signal.SIGINT,
                account=account,
                cwd=Path("/"),
            )
        self._wait_until_ready(pgdata)
        return Server(
            host=HOST,
            port=identity.port,
            superuser=SUPERUSER,
            password=identity.password,
            major=binaries.major,
            socket_dir=socket_dir,
            state_dir=self.data_dir,
            has_statement_statistics=statistics,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": open transactions are rolled back
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def destroy(self) -> None:
        """Delete the data of a stopped cluster. Raises Failure when it runs."""
        with _locked(self.data_dir):
            pgdata = kept_data(self.data_dir)
            _stop_orphan(pgdata)
            shutil.rmtree(pgdata, ignore_errors=True)
            if pgdata.parent != self.data_dir:
                shutil.rmtree(pgdata.parent, ignore_errors=True)
        shutil.rmtree(self.data_dir)

    def died(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _read_identity(self) -> _Identity:
        """The port is kept while it is free, so that a tool configured yesterday still connects."""
        path = self.data_dir / "cluster.json"
        if path.exists():
            known = _Identity(**json.loads(path.read_text()))
        else:
            known = _Identity(port=0, password=secrets.token_urlsafe(24))
        identity = _Identity(port=_free_port(known.port), password=known.password)
        if identity != known:
            write_private(path, json.dumps(asdict(identity)))
        return identity

    def _wait_until_ready(self, pgdata: Path) -> None:
        assert self._process is not None  # noqa: S101 - for the type checker
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if _recorded_status(pgdata) == (self._process.pid, "ready"):
                return
            time.sleep(0.02)
        self.stop()
        written = self.log_path.read_text(errors="replace")
        if sentence := told_by_service(written):
            raise Failure(f"{sentence} (détails : {self.log_path}).")
        raise Failure(f"PostgreSQL n’a pas démarré : {_cause(written)} (journal : {self.log_path}).")


def kept_data(data_dir: Path) -> Path:
    """The folder of PostgreSQL's own files, which is elsewhere when its account cannot enter `data_dir`."""
    known = data_dir / "pgdata.path"
    return Path(known.read_text()) if known.exists() else data_dir / "pgdata"


def kept_major(data_dir: Path) -> int | None:
    version = kept_data(data_dir) / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def write_private(path: Path, text: str) -> None:
    """Atomic, mode 0600."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _locked(data_dir: Path) -> IO[str]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Failure(f"Impossible d’écrire dans {data_dir} : donnez ce droit à ce compte.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Failure(
            f"La base de {data_dir} est déjà en service : arrêtez d’abord l’autre lancement."
        ) from error
    return lock


def _create(pgdata: Path, binaries: Binaries, account: Account | None, *, password: str) -> None:
    """Made beside its place then renamed, so that an interrupted creation leaves no half database."""
    making = pgdata.with_name("pgdata.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    word = pgdata.with_name("password.making")
    write_private(word, password)
    if account:
        for path in (making, word):
            os.chown(path, account.uid, account.gid)
    command: list[str | Path] = [
        binaries.bin / "initdb",
        "-D",
        making,
        "-U",
        SUPERUSER,
        f"--pwfile={word}",
        "--encoding=UTF8",
    ]
    command += ["--auth-host=scram-sha-256", "--auth-local=scram-sha-256", *_locale_options(binaries)]
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            command,
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **as_account(account),
        )
    finally:
        word.unlink()
    if done.returncode:
        shutil.rmtree(making, ignore_errors=True)
        if sentence := told_by_service(done.stderr):
            raise Failure(f"{sentence} (base de {pgdata}).")
        raise Failure(f"PostgreSQL n’a pas pu créer sa base dans {pgdata} : {_cause(done.stderr)}")
    making.rename(pgdata)


def _locale_options(binaries: Binaries) -> list[str]:
    common = ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=en_US.UTF-8", "--lc-messages=C"]
    if binaries.major < BUILTIN_LOCALE_MAJOR:
        return common
    return [*common, "--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"]


def _check_major(pgdata: Path, binaries: Binaries) -> None:
    made_by = (pgdata / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise Failure(
            f"La base de {pgdata} a été créée par PostgreSQL {made_by}, la version trouvée est la "
            f"{binaries.major} : réinstallez la version {made_by}, ou effacez la base "
            "(« make demo-reset » pour la démonstration)."
        )


def _environment() -> dict[str, str]:
    """Nothing of ours: no PG* variable that would change the server, no secret that it would show."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"}


def _free_port(wanted: int) -> int:
    for port in dict.fromkeys((wanted, 0)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failure("Aucun port libre sur 127.0.0.1 pour PostgreSQL.")


def _recorded_status(pgdata: Path) -> tuple[int, str] | None:
    """Pid and state written by the server in postmaster.pid (lines 1 and 8)."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _stop_orphan(pgdata: Path) -> None:
    """A server that outlived its supervisor (no death signal there). We hold the lock: it is nobody's."""
    recorded = _recorded_status(pgdata)
    if recorded is None or not _is_server_of(recorded[0], pgdata):
        return
    for stop_signal in (signal.SIGINT, signal.SIGQUIT):
        os.kill(recorded[0], stop_signal)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not _is_server_of(recorded[0], pgdata):
                return
            time.sleep(0.05)
    raise Failure(f"Un ancien serveur PostgreSQL (processus {recorded[0]}) ne s’arrête pas : arrêtez-le.")


def _is_server_of(pid: int, pgdata: Path) -> bool:
    """The pid alone proves nothing: it may have been given to another program since."""
    listed = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return os.fsencode(pgdata) in listed.read_bytes()
        except OSError:
            return False
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed command
    return str(pgdata) in told.stdout


def _cause(written: str) -> str:
    """The first line that says an error: those that follow tell how it ended."""
    lines = written.strip().splitlines()
    errors = (line for line in lines if any(sign in line for sign in ("FATAL:", "PANIC:", "error:")))
    return next(errors, lines[-1] if lines else "aucun message")
