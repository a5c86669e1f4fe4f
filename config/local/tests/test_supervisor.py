import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.local.failure import Failure
from config.local.places import ROOT
from config.local.supervisor import Service, Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
# A service that starts a process of its own and does not obey SIGTERM.
STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""
SUPERVISE = """
import sys
from pathlib import Path
from config.local.supervisor import Service, Supervisor, interrupted_by_signals
sleep = (sys.executable, "-c", "import time; time.sleep(60)")
with interrupted_by_signals():
    try:
        with Supervisor(log_dir=Path(sys.argv[1]), cwd=Path("/")) as supervisor:
            for name in ("one", "two"):
                supervisor.start(Service(name, sleep))
            print(*(running.process.pid for running in supervisor._running), flush=True)
            supervisor.watch()
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture
def supervised(tmp_path):
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", SUPERVISE, tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    yield process, [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_service_outlives_the_supervisor(supervised, gone, stop):
    process, services = supervised
    assert len(services) == 2
    process.send_signal(stop)
    process.wait(10)
    assert all(gone(pid) for pid in services)


def test_supervisor_stops_when_its_own_parent_dies(tmp_path, gone):
    """A shell between us and the supervisor is killed: the supervisor must not go on alone."""
    script = tmp_path / "supervise.py"
    script.write_text(SUPERVISE)
    shell = subprocess.Popen(  # noqa: S603 - our own script
        ["/bin/sh", "-c", '"$0" "$1" "$2" & echo $!; wait', sys.executable, script, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout
    pids = [int(pid) for pid in (shell.stdout.readline() + shell.stdout.readline()).split()]
    shell.kill()
    shell.communicate()
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_dead_service_stops_the_others_and_shows_the_end_of_its_log(tmp_path, gone):
    dying = (sys.executable, "-c", "import time; time.sleep(0.3); raise SystemExit('plus de papier')")
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        supervisor.start(Service("steady", SLEEP))
        supervisor.start(Service("dying", dying))
        steady = supervisor._running[0].process.pid
        with pytest.raises(Failure, match=r"(?s)« dying » s’est arrêté \(code 1\).*plus de papier"):
            supervisor.watch()
    assert gone(steady)


def test_service_that_dies_before_it_is_ready_is_not_waited_for(tmp_path):
    began = time.monotonic()
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor, pytest.raises(Failure, match="« broken »"):
        supervisor.start(
            Service("broken", (sys.executable, "-c", "raise SystemExit(3)"), ready_check=lambda: False)
        )
    assert time.monotonic() - began < 10


def test_start_waits_until_the_service_is_ready(tmp_path):
    flag = tmp_path / "ready"
    late = f"import pathlib, time; time.sleep(0.3); pathlib.Path({str(flag)!r}).touch(); time.sleep(60)"
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        supervisor.start(Service("late", (sys.executable, "-c", late), ready_check=flag.exists))
        assert flag.exists()


def test_stubborn_service_and_its_child_are_killed(tmp_path, gone, monkeypatch):
    monkeypatch.setattr("config.local.supervisor.STOP_SECONDS", 0.5)
    child = tmp_path / "child"
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        command = (sys.executable, "-c", STUBBORN, str(child))
        supervisor.start(Service("stubborn", command, ready_check=lambda: _written(child)))
        stubborn = supervisor._running[0].process.pid
    assert gone(stubborn)
    assert gone(int(child.read_text()))


def test_failed_step_shows_the_end_of_its_log(tmp_path):
    failing = (sys.executable, "-c", "raise SystemExit('table manquante')")
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        with pytest.raises(Failure, match=r"(?s)« migrate » a échoué \(code 1\).*table manquante"):
            supervisor.run_once(Service("migrate", failing))


def test_missing_program_gets_a_sentence(tmp_path):
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        with pytest.raises(Failure, match="Programme introuvable : no-such-program"):
            supervisor.start(Service("absent", ("no-such-program",)))


def _written(path: Path) -> bool:
    return path.exists() and bool(path.read_text())


def test_service_whose_port_was_taken_meanwhile_says_so(tmp_path):
    taken = "import sys; sys.exit('OSError: [Errno 98] Address already in use')"
    with Supervisor(log_dir=tmp_path, cwd=Path("/")) as supervisor, pytest.raises(Failure) as refused:
        supervisor.start(Service("hospital", (sys.executable, "-c", taken), ready_check=lambda: False))
    assert "« hospital »" in str(refused.value) and "a pris son port" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_step_that_meets_a_full_disk_says_so(tmp_path):
    full = "import sys; sys.exit('psycopg.errors.DiskFull: No space left on device')"
    with Supervisor(log_dir=tmp_path, cwd=Path("/")) as supervisor, pytest.raises(Failure) as refused:
        supervisor.run_once(Service("migrate", (sys.executable, "-c", full)))
    assert "Le disque est plein" in str(refused.value)
    assert "Dernières lignes" not in str(refused.value)


def test_step_whose_log_has_no_room_either_says_so(tmp_path, monkeypatch):
    """On one disk, what fails for want of room cannot write why."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with Supervisor(log_dir=tmp_path, cwd=Path("/")) as supervisor, pytest.raises(Failure) as refused:
        supervisor.run_once(Service("load_demo", (sys.executable, "-c", "raise SystemExit(1)")))
    assert "Le disque est plein : libérez de la place, puis relancez la commande" in str(refused.value)
    assert "\n" not in str(refused.value)
