"""Lines of the published files, whatever their defects. Pure.

Nothing is trusted: bytes that are not UTF-8 are read as Windows-1252 (old extractions are), a quoted field may hold the
separator, a stray quote is an ordinary character, a line never runs over the next one.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BOM = b"\xef\xbb\xbf"
# The longest line met in the extractions is under 2 kB; beyond, it is not one of their lines.
LONGEST_LINE = 64 * 1024


class FormatError(Exception):
    """The whole file is not what it should be; `str()` is the French sentence shown."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong with a line. A rejecting remark replaces the line; a warning goes with it."""

    line: int
    column: str
    sentence: str
    rejects: bool = True


@dataclass(frozen=True, slots=True)
class Fingerprint:
    name: str
    sha256: str
    lines: int


def fingerprint(path: Path) -> Fingerprint:
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return Fingerprint(name=path.name, sha256=digest.hexdigest(), lines=lines)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line number from 1, and text without its end; blank lines are skipped."""
    number = 0
    with path.open("rb") as file:
        while raw := file.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                raw = raw.removeprefix(BOM)
            raw = raw.rstrip(b"\r\n")
            if raw.strip():
                yield number, _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def fields_of(line: str, *, separator: str, width: int) -> list[str] | None:
    """The `width` fields of a line, trimmed; None when it has another number of them.

    One empty field more is accepted: the Annuaire ends its lines with a separator.
    """
    if '"' in line:
        quoted = _exactly(_quoted_fields(line, separator), width)
        if quoted is not None:
            return quoted
    return _exactly(line.split(separator), width)


def _quoted_fields(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _exactly(fields: list[str], width: int) -> list[str] | None:
    if len(fields) == width + 1 and not fields[-1].strip():
        fields.pop()
    return [field.strip() for field in fields] if len(fields) == width else None


def has_control_characters(line: str) -> bool:
    """NUL and the like, which PostgreSQL or a screen would not take."""
    return not line.isprintable() and any(
        (ord(char) < 32 and char != "\t") or ord(char) == 127 for char in line
    )
