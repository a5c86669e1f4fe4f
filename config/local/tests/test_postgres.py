import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config.local import postgres
from config.local.account import Account, can_run, unprivileged_account
from config.local.binaries import Binaries, find_binaries
from config.local.failure import Failure
from config.local.places import ROOT
from config.local.postgres import FAST_UNSAFE_SETTINGS, Cluster, kept_data, kept_major

RUN_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from config.local.binaries import Binaries
from config.local.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]), Binaries(bin=Path(sys.argv[2]), version=sys.argv[3]))
cluster.start(settings={"fsync": "off"})
print(cluster._process.pid, flush=True)
time.sleep(float(sys.argv[4]))
cluster.stop()
"""


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path / "cluster", find_binaries())
    yield made
    made.stop()
    made.destroy()


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        assert found
        return str(found[0])


def test_server_asks_for_its_password_and_listens_on_this_machine_only(cluster):
    server = cluster.start(settings=FAST_UNSAFE_SETTINGS)
    assert setting(server.url(), "listen_addresses") == "127.0.0.1"
    assert setting(server.url(), "fsync") == "off"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url(user=server.superuser, password="wrong"))


def test_server_keeps_data_durable_unless_told_otherwise(cluster):
    assert setting(cluster.start().url(), "fsync") == "on"


def test_port_and_data_are_kept_from_one_start_to_the_next(cluster):
    first = cluster.start(settings=FAST_UNSAFE_SETTINGS)
    with psycopg.connect(first.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.stop()
    second = cluster.start(settings=FAST_UNSAFE_SETTINGS)
    assert second == first
    with psycopg.connect(second.url()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_another_port_is_chosen_when_the_last_one_is_taken(cluster):
    first = cluster.start(settings=FAST_UNSAFE_SETTINGS)
    cluster.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        second = cluster.start(settings=FAST_UNSAFE_SETTINGS)
    assert second.port != first.port
    assert setting(second.url(), "port") == str(second.port)


def test_second_launch_on_the_same_data_gets_a_sentence(cluster):
    cluster.start(settings=FAST_UNSAFE_SETTINGS)
    with pytest.raises(Failure, match="déjà en service"):
        Cluster(cluster.data_dir, find_binaries()).start()


def test_data_of_another_major_version_are_left_alone_with_a_sentence(cluster):
    cluster.start(settings=FAST_UNSAFE_SETTINGS)
    cluster.stop()
    (kept_data(cluster.data_dir) / "PG_VERSION").write_text("14\n")
    assert kept_major(cluster.data_dir) == 14
    with pytest.raises(Failure, match=r"créée par PostgreSQL 14.*make demo-reset"):
        cluster.start()


def test_server_that_cannot_start_says_why(cluster):
    with pytest.raises(Failure, match=r"shared_buffers.*postgres\.log"):
        cluster.start(settings={"shared_buffers": "nonsense"})


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            'FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes at block 9\n'
            "HINT:  Check free disk space.\ninitdb: removing contents of data directory",
            "Le disque est plein",
        ),
        ('initdb: error: invalid locale name "x"\ninitdb: removing data directory', "invalid locale name"),
    ],
)
def test_creation_that_fails_says_why_rather_than_how_it_ended(tmp_path, said, sentence):
    """What a full disk made PostgreSQL 18 write, on a file system of 20 MB."""
    program = tmp_path / "initdb"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'SAID'\n{said}\nSAID\nexit 1\n")
    program.chmod(0o755)

    with pytest.raises(Failure, match=sentence) as refused:
        postgres._create(tmp_path / "pgdata", Binaries(tmp_path, "18.0"), None, password="x")

    assert "removing" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["initdb"]


def test_server_that_finds_no_room_to_start_says_so(tmp_path):
    cluster = Cluster(tmp_path, Binaries(tmp_path, "18.0"))
    cluster._process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    cluster._process.wait()
    cluster.log_path.write_text(
        "FATAL:  could not write lock file: No space left on device\nLOG:  shut down\n"
    )

    with pytest.raises(Failure, match=r"Le disque est plein.*postgres\.log"):
        cluster._wait_until_ready(tmp_path / "pgdata")


def test_missing_version_gets_a_sentence():
    with pytest.raises(Failure, match="PostgreSQL 99 est introuvable"):
        find_binaries(99)


def test_server_dies_with_a_killed_launcher(tmp_path, gone):
    server_pid, launcher = launched(sys.executable, tmp_path / "cluster", find_binaries())
    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()
    try:
        assert gone(server_pid)
    finally:
        Cluster(tmp_path / "cluster", find_binaries()).destroy()


def test_destroy_leaves_nothing(tmp_path):
    cluster = Cluster(tmp_path / "cluster", find_binaries())
    cluster.start(settings=FAST_UNSAFE_SETTINGS)
    kept = kept_data(cluster.data_dir)
    cluster.stop()
    cluster.destroy()
    assert not kept.exists()
    assert not cluster.data_dir.exists()


def ordinary_accounts() -> list[tuple[Account, str]]:
    """An unprivileged account, with a Python that it can run; empty when we are not root ourselves."""
    account = unprivileged_account(ROOT / "nowhere")
    pythons = (sys.executable, "/usr/bin/python3")
    checks = ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return [(account, python) for python in pythons if account and can_run(account, [python, *checks])][:1]


if ORDINARY := ordinary_accounts():

    def test_ordinary_account_runs_its_own_server(tmp_path_factory, gone):
        account, python = ORDINARY[0]
        folder = Path("/tmp") / f"terresante-ordinary-{os.getpid()}"  # noqa: S108 - pytest's own is closed to others
        folder.mkdir()
        os.chown(folder, account.uid, account.gid)
        binaries = find_binaries().readable_by(account)
        try:
            server_pid, launcher = launched(
                python, folder / "cluster", binaries, user=account.uid, group=account.gid, extra_groups=[]
            )
            assert os.stat(f"/proc/{server_pid}").st_uid == account.uid
            launcher.send_signal(signal.SIGKILL)
            launcher.communicate()
            assert gone(server_pid)
        finally:
            subprocess.run(["/bin/rm", "-rf", folder], check=True)  # noqa: S603 - the folder made above


def launched(python: str, data_dir: Path, binaries: Binaries, **account):
    launcher = subprocess.Popen(  # noqa: S603 - our own script
        [python, "-c", RUN_UNTIL_KILLED, data_dir, binaries.bin, binaries.version, "60"],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **account,
    )
    assert launcher.stdout
    line = launcher.stdout.readline()
    if not line:
        pytest.fail(launcher.communicate()[1])
    return int(line), launcher
