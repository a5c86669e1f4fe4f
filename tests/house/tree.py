"""What the house rules walk: the files that git knows, the apps and their layers, parsed modules."""

import ast
import configparser
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "terresante"


@cache
def files() -> tuple[Path, ...]:
    """Tracked, and new ones not yet added: a rule is broken before its commit, not after."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (ROOT / line for line in listed.stdout.splitlines())
    return tuple(path for path in found if path.is_file())


def sources(*, tests: bool = False, migrations: bool = False) -> list[Path]:
    """Python files of the platform and of its configuration."""
    kept = []
    for path in files():
        parts = path.relative_to(ROOT).parts
        if path.suffix != ".py" or parts[0] not in ("terresante", "config"):
            continue
        if ("tests" in parts and not tests) or ("migrations" in parts and not migrations):
            continue
        kept.append(path)
    return kept


def templates() -> list[Path]:
    return [
        path
        for path in files()
        if path.suffix == ".html" and path.is_relative_to(PLATFORM) and "tests" not in path.parts
    ]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@cache
def layer_of() -> dict[str, int]:
    """The height of each app, 0 for the kernel, as .importlinter holds it."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    rows = contracts["importlinter:contract:layers"]["layers"].split("\n")
    rising = [row for row in reversed(rows) if row.strip()]
    return {app.strip(): height for height, row in enumerate(rising) for app in row.split("|")}


def app_of(path: Path) -> str:
    return path.relative_to(PLATFORM).parts[0]
