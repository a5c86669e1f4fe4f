"""Values of a TOML file changed where they stand, so that its comments stay. Pure."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from terresante.questionnaires.archive import Unreadable
from terresante.questionnaires.pathway.tables import has_endless_key, has_endless_number, key_lines
from terresante.questionnaires.pathway.writing import lines

# A value of one line: a text, a number, true or false; what follows it is a comment.
_LINE = re.compile(
    r"""(\s*[\w-]+\s*=\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]"'#]*\]|[\w.+-]+)(\s*(?:\#.*)?)"""
)


def with_values(files: Mapping[str, str], name: str, edits: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    """`edits`: (table, key) → its value; None takes it away. Raises Unreadable for a file that is no TOML."""
    before = files.get(name, "")
    wanted = _read(name, before)
    text = before
    for (table, key), value in edits.items():
        holder = wanted.setdefault(table, {}) if table else wanted
        if not isinstance(holder, dict):
            raise Unreadable(f"« {name} » : « {table} » n’est pas une partie, corrigez ce fichier d’abord.")
        if value is None:
            holder.pop(key, None)
        else:
            holder[key] = value
        text = _set(text, table, key, value)
    if not _says(text, wanted):
        # Written in a way that cannot be changed line by line: a list over several lines, a table in its own line.
        text = _whole(wanted)
    return {**files, name: text}


def _read(name: str, text: str) -> dict[str, Any]:
    try:
        if not has_endless_key(text) and not has_endless_number(told := tomllib.loads(text)):
            return told
    except (ValueError, RecursionError):
        pass
    raise Unreadable(f"« {name} » ne se lit pas : corrigez-le d’abord dans « Fichiers ».")


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _filled(tomllib.loads(text)) == _filled(wanted)
    except (ValueError, RecursionError):
        return False


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """An empty part says nothing."""
    return {key: value for key, value in values.items() if value != {}}


def _set(text: str, table: str, key: str, value: Any) -> str:
    known, written = key_lines(text), text.splitlines()
    at = known.get((table, key))
    if at is not None:
        old = _LINE.fullmatch(written[at - 1])
        if value is None:
            del written[at - 1]
        elif old is not None:
            written[at - 1] = f"{old.group(1)}{_written(key, value)}{old.group(2)}"
        else:
            written[at - 1] = lines({key: value}).rstrip("\n")
    elif value is not None:
        said = lines({key: value}).rstrip("\n")
        header = known.get((table, ""))
        if header is not None:
            written.insert(header, said)
        elif table:
            written += ["", f"[{table}]", said]
        else:
            written.insert(_first_header(known, len(written)), said)
    return "\n".join([*written, ""])


def _written(key: str, value: Any) -> str:
    return lines({key: value}).rstrip("\n").partition(" = ")[2]


def _first_header(known: Mapping[tuple[str, str], int], end: int) -> int:
    return min((line - 1 for (table, key), line in known.items() if table and not key), default=end)


def _whole(values: Mapping[str, Any]) -> str:
    alone = {key: value for key, value in values.items() if not isinstance(value, dict)}
    parts = [f"\n[{key}]\n{lines(value)}" for key, value in values.items() if isinstance(value, dict)]
    return lines(alone) + "".join(parts)
