import ast
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config.local import bootstrap, demo, install
from config.local.failure import Failure, of_the_machine
from config.local.places import ROOT, Port, port_from
from config.local.postgres import Server

SERVER = Server(
    host="127.0.0.1",
    port=1,
    superuser="postgres",
    password="",
    major=18,
    socket_dir=None,
    state_dir=ROOT,
    has_statement_statistics=False,
)


@pytest.mark.parametrize("version", [(3, 6), (3, 10)])
def test_old_python_gets_a_sentence(version):
    assert bootstrap.refusal(version, "linux").startswith(f"Python {version[0]}.{version[1]} est trop ancien")


@pytest.mark.parametrize("version", [(3, 11), (3, 13), (4, 0)])
def test_recent_python_is_accepted(version):
    assert bootstrap.refusal(version, "linux") is None


def test_windows_gets_a_sentence():
    assert "WSL" in bootstrap.refusal((3, 12), "win32")


def test_old_python_can_read_the_file_that_refuses_it():
    source = Path(bootstrap.__file__).read_text()
    ast.parse(source, feature_version=(3, 6))
    # Annotations and the walrus would be read, and fail, before the sentence.
    assert not any(isinstance(node, ast.AnnAssign | ast.NamedExpr) for node in ast.walk(ast.parse(source)))


def test_full_disk_gets_a_sentence(tmp_path):
    with pytest.raises(Failure, match=r"Il reste 100 Mo .* en faut 384"):
        install.check_room(tmp_path, free_bytes=lambda _: 100 * 1024**2)


def test_enough_room_is_accepted(tmp_path):
    install.check_room(tmp_path, free_bytes=lambda _: 3 * 1024**3)


def test_folder_that_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="Impossible d’écrire dans"):
        install.check_writable([tmp_path / "file" / "var"])


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("npm error code ECONNREFUSED", "ne répond pas"),
        ("WARNING: Retrying NewConnectionError('…')\nERROR: No matching distribution found", "ne répond pas"),
        ("ERROR: Could not find a version that satisfies the requirement a==1", "manque dans le registre"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "n’est pas celui attendu",
        ),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "certificat du registre"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "Le disque est plein"),
    ],
)
def test_installer_that_fails_gets_one_sentence_and_the_place_of_the_details(
    tmp_path, monkeypatch, written, sentence
):
    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    with pytest.raises(Failure, match=sentence) as refused:
        install._run([sys.executable, "-c", f"print({written!r}); raise SystemExit(1)"])
    assert str(refused.value).endswith(f"(détails : {tmp_path / 'log' / 'install.log'}).")
    assert "\n" not in str(refused.value)


def test_what_an_earlier_installation_wrote_explains_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    with pytest.raises(Failure, match="ne répond pas"):
        install._run([sys.executable, "-c", "print('ECONNREFUSED'); raise SystemExit(1)"])
    with pytest.raises(Failure, match="dernières lignes"):
        install._run([sys.executable, "-c", "print('syntax error'); raise SystemExit(1)"])


def test_file_of_another_account_gets_a_sentence(tmp_path, monkeypatch, capsys):
    def refused(_lock):
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/.venv/bin/terresante")

    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    monkeypatch.setattr(install, "_install_python", refused)
    monkeypatch.setattr(install, "_pages_are_built", lambda: True)
    assert install.main([]) == 2
    assert capsys.readouterr().err == (
        "Ce compte n’a pas le droit nécessaire sur ce fichier : /somewhere/.venv/bin/terresante.\n"
    )


def wait_for(file: Path) -> None:
    limit = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < limit, f"{file} never came"
        time.sleep(0.02)


@pytest.fixture
def pages_beside(tmp_path, monkeypatch):
    """Pages that are not built yet, by a program of the test instead of ours; Python's side, likewise."""
    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    monkeypatch.setattr(install, "_pages_are_built", lambda: False)
    monkeypatch.setattr(install, "_system_node", lambda: Path("node"))

    def play(program, python):
        monkeypatch.setattr(install, "PAGES_ALONE", (sys.executable, "-c", program))
        monkeypatch.setattr(install, "_install_python", python)
        return install.main([])

    return play


@pytest.mark.parametrize("code", [0, 2])
def test_pages_are_built_beside_the_libraries_and_each_side_says_its_failure(
    pages_beside, tmp_path, capfd, code
):
    """Python's side only ends once the other has begun, which would wait for ever after it."""
    begun = tmp_path / "begun"

    def python(_lock):
        wait_for(begun)
        if code:
            raise Failure("Le registre ne répond pas.")

    program = f"""
import pathlib, sys, time
pathlib.Path({str(begun)!r}).touch()
time.sleep(0.3)
{code} and sys.stderr.write("npm a échoué.\\n")
sys.exit({code})
"""
    assert pages_beside(program, python) == code
    said = capfd.readouterr().err.splitlines()
    assert sorted(said) == (["Le registre ne répond pas.", "npm a échoué."] if code else [])


def test_an_interruption_leaves_no_process_of_the_pages(pages_beside, tmp_path, gone):
    begun = tmp_path / "begun"
    program = f"""
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(tmp_path / "writing")!r}).write_text(str(child.pid))
pathlib.Path({str(tmp_path / "writing")!r}).rename({str(begun)!r})
child.wait()
"""

    def interrupted(_lock):
        wait_for(begun)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    assert pages_beside(program, interrupted) == 130
    assert gone(int(begun.read_text()))


def test_two_sides_that_speak_at_once_speak_in_whole_lines(capsys):
    with install._step("Bibliothèques Python"):
        assert capsys.readouterr().out == "Bibliothèques Python…\n"
    assert re.fullmatch("Bibliothèques Python\u00a0: \\d+ s\n", capsys.readouterr().out)


def test_two_services_on_one_port_get_a_sentence():
    with pytest.raises(Failure, match="A et C valent tous deux 8000"):
        demo._check_distinct(Port(8000, "A"), Port(2575, "B"), Port(8000, "C"))


def described(var: Path) -> demo.Demo:
    return demo.Demo(
        var,
        Port(8000, "TERRESANTE_PORT"),
        Port(2575, "TERRESANTE_MLLP_PORT"),
        Port(8087, "TERRESANTE_HOSPITAL_PORT"),
        Port(8088, "TERRESANTE_PRACTICE_PORT"),
        Port(8089, "TERRESANTE_PUSH_PORT"),
    )


@pytest.mark.parametrize(("kept", "is_refused"), [("2585", True), ("2575", False), ("", False)])
def test_a_port_that_the_kept_data_do_not_know_gets_a_sentence(tmp_path, kept, is_refused):
    """It was waited for a minute, then « mllp » was said not to answer. Data of before say no port."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "loaded").write_text(kept)
    if is_refused:
        with pytest.raises(Failure, match=r"relancez avec TERRESANTE_MLLP_PORT=2585, ou effacez-les"):
            demo._check_kept(described(tmp_path))
    else:
        demo._check_kept(described(tmp_path))


def test_the_port_of_the_answers_is_nobody_else_s(tmp_path):
    answers = described(tmp_path).answers
    with pytest.raises(
        Failure, match=r"TERRESANTE_MLLP_PORT \+ 1 et TERRESANTE_HOSPITAL_PORT valent tous deux 2576"
    ):
        demo._check_distinct(answers, Port(2576, "TERRESANTE_HOSPITAL_PORT"))


def test_busy_port_names_itself_and_its_variable(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setenv("TERRESANTE_PORT", str(number))
        with pytest.raises(Failure, match=f"Le port {number} est déjà pris.*TERRESANTE_PORT="):
            port_from("TERRESANTE_PORT", default=8000)


@pytest.mark.parametrize("written", ["http", "0", "70000", "-1"])
def test_port_that_is_no_port_gets_a_sentence(monkeypatch, written):
    monkeypatch.setenv("TERRESANTE_PORT", written)
    with pytest.raises(Failure, match=f"TERRESANTE_PORT vaut « {written} »"):
        port_from("TERRESANTE_PORT", default=8000)


def run_console(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "config.console", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_demo_refuses_the_database_of_another(tmp_path):
    done = run_console("demo", DATABASE_URL="postgresql://db.example/prod", TERRESANTE_VAR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("DATABASE_URL est définie")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_demo_on_a_busy_port_writes_one_line_and_nothing_else(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        done = run_console("demo", TERRESANTE_PORT=number, TERRESANTE_VAR=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"Le port {number} est déjà pris" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_demo_reset_deletes_what_the_demonstration_wrote_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    for file in (
        "demo/loaded",
        "mailbox/1.eml",
        "demo.json",
        "demo-accounts.json",
        "demo-psc.json",
        "demo-push.json",
        "demo-franceconnect.json",
        "audit-heads.jsonl",
        "test/kept",
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    demo.reset()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        "test/kept"
    ]


def test_demo_reset_that_may_not_delete_does_not_say_that_it_did(tmp_path, monkeypatch, capsys):
    (tmp_path / "demo").mkdir()
    refusal = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "demo" / "keys.json"))

    def refused(*_, **__):
        raise refusal

    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(PermissionError):
        demo.reset()
    assert capsys.readouterr().out == ""


def test_full_disk_without_a_file_to_name_is_said_in_french_alone():
    full = OSError(errno.ENOSPC, "No space left on device")
    assert of_the_machine(full) == "Le disque est plein : libérez de la place, puis relancez la commande."


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("could not extend file\nHINT:  Check free disk space.", "^Le disque est plein.*postgres.log"),
        ("the database system is shutting down", "PostgreSQL n’a pas pu préparer sa base"),
    ],
)
def test_database_that_cannot_be_prepared_gets_a_sentence(tmp_path, monkeypatch, said, sentence):
    log = tmp_path / "postgres.log"
    log.write_text("LOG:  database system is ready\n")

    def refused(*_):
        raise psycopg.errors.DiskFull(said)

    monkeypatch.setattr(demo, "prepare", refused)
    with pytest.raises(Failure, match=sentence):
        demo._prepared(SERVER, log)


def test_demo_describes_itself_for_other_programs(tmp_path):
    account = {
        "login": "ide",
        "password": "x",
        "totp_secret": "S",
        "role": "Infirmière",
        "shows": "Ses tournées",
    }
    (tmp_path / "demo-accounts.json").write_text(json.dumps([account]))
    (tmp_path / "demo-hospital.json").write_text(json.dumps([{"ipp": "7"}]))
    demo._write_description(described(tmp_path))
    assert json.loads((tmp_path / "demo.json").read_text()) == {
        "base_url": "http://127.0.0.1:8000",
        "mllp": {"host": "127.0.0.1", "port": 2575},
        "hospital_patients": [{"ipp": "7"}],
        "hospital": "http://127.0.0.1:8087/",
        "practice": "http://127.0.0.1:8088/",
        "push": "http://127.0.0.1:8089/",
        "accounts": [account],
    }
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("serve", "--host", "0.0.0.0"), {}),  # noqa: S104 -- what must be refused
        (("serve",), {"TERRESANTE_HOSTS": "terresante.example"}),
        (("mllp",), {"TERRESANTE_MLLP_HOST": "0.0.0.0"}),  # noqa: S104 -- as above
    ],
)
def test_a_demonstration_answers_this_machine_alone(arguments, environment):
    command = [sys.executable, "-m", "config.console", *arguments]
    env = {**os.environ, "TERRESANTE_DEMO": "1", "TERRESANTE_TESTING": "", **environment}

    done = subprocess.run(  # noqa: S603 -- our own command
        command,
        cwd=ROOT,
        env={**env, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert "127.0.0.1" in done.stderr.decode()
