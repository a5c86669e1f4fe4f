"""Start services one after the other, stop them all together."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.local.binding import start_bound
from config.local.failure import Failure, told_by_disk, told_by_service

READY_SECONDS = 60
STOP_SECONDS = 10
POLL_SECONDS = 0.1
LINES_SHOWN = 5


@dataclass(frozen=True)
class Service:
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    ready_check: Callable[[], bool] | None = None


@dataclass(frozen=True)
class _Running:
    service: Service
    process: "subprocess.Popen[bytes]"
    log: Path


class Supervisor:
    """Leaving the `with` block stops what runs, last started first; nothing outlives us, even killed."""

    def __init__(self, *, log_dir: Path, cwd: Path) -> None:
        self._log_dir = log_dir
        self._cwd = cwd
        self._running: list[_Running] = []
        self._parent = os.getppid()

    def __enter__(self) -> "Supervisor":
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        with signals_ignored():
            self._stop_all()

    def start(self, service: Service) -> None:
        """Returns when the service is ready. Raises Failure if it, or another, dies, or is too slow."""
        self._launch(service)
        deadline = time.monotonic() + READY_SECONDS
        while service.ready_check and not service.ready_check():
            self._check_alive()
            if time.monotonic() > deadline:
                log = self._log_dir / f"{service.name}.log"
                raise Failure(
                    f"Le service « {service.name} » ne répond pas après {READY_SECONDS} s. {ending(log)}"
                )
            time.sleep(POLL_SECONDS)
        self._check_alive()

    def run_once(self, service: Service) -> None:
        """Run a command to its end. Raises Failure if it fails."""
        running = self._launch(service)
        while (code := running.process.poll()) is None:
            self._check_parent()
            time.sleep(POLL_SECONDS)
        self._running.remove(running)
        if code:
            raise Failure(f"L’étape « {service.name} » a échoué (code {code}). {ending(running.log)}")

    def watch(self, *, also: Callable[[], None] = lambda: None) -> None:
        """Returns when our parent is gone; KeyboardInterrupt ends it too. Raises Failure if a service dies.

        `also` is called each second, to raise about what is not a service.
        """
        while self._parent == os.getppid():
            self._check_alive()
            also()
            time.sleep(1)

    def _launch(self, service: Service) -> _Running:
        path = self._log_dir / f"{service.name}.log"
        with path.open("wb") as log:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1", **service.env}
            process = start_bound(service.argv, env=environment, log=log, cwd=self._cwd)
        running = _Running(service=service, process=process, log=path)
        self._running.append(running)
        return running

    def _check_alive(self) -> None:
        self._check_parent()
        for running in self._running:
            if (code := running.process.poll()) is not None:
                raise Failure(
                    f"Le service « {running.service.name} » s’est arrêté (code {code}). {ending(running.log)}"
                )

    def _check_parent(self) -> None:
        if self._parent != os.getppid():
            raise KeyboardInterrupt

    def _stop_all(self) -> None:
        for running in reversed(self._running):
            running.process.terminate()
            try:
                running.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            _kill_group(running.process)
        self._running.clear()


def ending(log: Path) -> str:
    written = log.read_text(errors="replace").strip()
    # The log itself may stand on the disk that is full, and say nothing of it.
    if sentence := told_by_service(written) or told_by_disk(log.parent):
        return f"{sentence} (détails : {log})."
    lines = written.splitlines()[-LINES_SHOWN:]
    if not lines:
        return f"Le journal {log} est vide."
    return "\n".join([f"Dernières lignes de {log} :", *(f"    {line}" for line in lines)])


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP become KeyboardInterrupt, as SIGINT: one way to stop."""
    before = {name: signal.signal(name, _interrupt) for name in _STOPPING}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def signals_ignored() -> Iterator[None]:
    """A second Ctrl-C must not interrupt the stopping."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in _STOPPING}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """What the service started and left behind, or the service itself if it did not obey."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
