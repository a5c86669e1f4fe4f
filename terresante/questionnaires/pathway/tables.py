"""TOML and CSV of a pathway, each value with the line where it stands."""

import csv
import difflib
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.model import Mistake

_HEADER = re.compile(r"^\s*(\[{1,2})([^\[\]]+)\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*["']?([\w.-]+)["']?\s*=""")
# A key of thousands of parts keeps the reader of TOML busy for minutes; of ours none has three.
_ENDLESS = re.compile(r"""(?<![\w-])(?:(?:[\w-]{1,80}|"[^"\n]{0,80}"|'[^'\n]{0,80}')[ \t]*\.[ \t]*){40}""")
_MOST_BITS = 64
_AT_LINE = re.compile(r"at line (\d+)")
LONGEST_TEXT = 2000
LARGEST_NUMBER = 10**9
MOST_DECIMALS = 9


def has_endless_key(text: str) -> bool:
    return _ENDLESS.search(text) is not None


def has_endless_number(told: Any) -> bool:
    """Written in base 16 or 2, which TOML reads whatever its length; Python writes none of more than 4,300 digits."""
    if isinstance(told, dict | list):
        return any(map(has_endless_number, told.values() if isinstance(told, dict) else told))
    return isinstance(told, int) and told.bit_length() > _MOST_BITS


class Mistakes:
    """Collects what is wrong, so that one reading tells all of it."""

    def __init__(self) -> None:
        self.found: list[Mistake] = []

    def add(self, file: str, line: int, what: str, *, is_warning: bool = False) -> None:
        mistake = Mistake(file, max(line, 1), what, is_warning)
        if mistake not in self.found:
            self.found.append(mistake)

    @property
    def errors(self) -> list[Mistake]:
        return [mistake for mistake in self.found if not mistake.is_warning]


def near(word: str, known: Sequence[str]) -> str:
    """« Vouliez-vous … ? », or the list when nothing is near."""
    if close := difflib.get_close_matches(word, known, n=1):
        return f"vouliez-vous « {close[0]} » ?"
    return "écrivez l’un de : " + ", ".join(sorted(known)[:20]) if known else "rien n’est encore défini."


def line_of(text: str, needle: str, *, nth: int = 0) -> int:
    """The line of the nth occurrence of a piece of text, 1 when there is none."""
    start = -1
    for _ in range(nth + 1):
        start = text.find(needle, start + 1)
        if start < 0:
            return 1
    return text.count("\n", 0, start) + 1


def line_of_link_id(text: str, link_id: str, *, nth: int = 0) -> int:
    found = list(re.finditer(rf'"linkId"\s*:\s*"{re.escape(link_id)}"', text))
    return text.count("\n", 0, found[min(nth, len(found) - 1)].start()) + 1 if found else 1


def key_lines(text: str) -> dict[tuple[str, str], int]:
    """(table, key) → line; (table, "") → its header. The nth `[[score]]` is `score#n`, its parts `score#n.part#m`."""
    lines: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    table, quoted = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if quoted:
            quoted = "" if quoted in line else quoted
            continue
        if header := _HEADER.match(line):
            table = _table_path(header.group(2), header.group(1) == "[[", counts)
            lines.setdefault((table, ""), number)
        elif key := _KEY.match(line):
            lines.setdefault((table, key.group(1)), number)
            quoted = next((mark for mark in ('"""', "'''") if line.count(mark) == 1), "")
    return lines


def _table_path(name: str, is_list: bool, counts: dict[str, int]) -> str:
    names = [part.strip().strip("\"'") for part in name.split(".")]
    path = ""
    for position, part in enumerate(names):
        path = f"{path}.{part}" if path else part
        last = position == len(names) - 1
        if last and is_list:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}#{counts[path]}"
    return path


def toml(file: str, text: str, mistakes: Mistakes) -> "Table | None":
    if endless := _ENDLESS.search(text):
        mistakes.add(
            file, text.count("\n", 0, endless.start()) + 1, "cette clé a trop de points : une suffit."
        )
        return None
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        at = _AT_LINE.search(str(error))
        mistakes.add(
            file,
            int(at.group(1)) if at else text.count("\n") + 1,
            "cette ligne n’est pas du TOML : écrivez « clé = valeur », les textes entre guillemets droits "
            f'("…"), les listes entre crochets. ({error})',
        )
        return None
    return Table(file, values, "", key_lines(text), mistakes)


@dataclass(frozen=True, slots=True)
class Table:
    file: str
    values: Mapping[str, Any]
    path: str
    lines: Mapping[tuple[str, str], int]
    mistakes: Mistakes

    def line(self, key: str = "") -> int:
        return self.lines.get((self.path, key)) or self.lines.get((self.path, ""), 1)

    def wrong(self, key: str, what: str) -> None:
        self.mistakes.add(self.file, self.line(key), what)

    def only(self, *keys: str) -> None:
        for key in self.values:
            if key not in keys:
                self.wrong(key, f"la clé « {key} » n’existe pas ici : {near(key, keys)}")

    def text(self, key: str, default: str | None = "", *, longest: int = LONGEST_TEXT) -> str:
        """`default` None: it must be there and not empty."""
        value = self.values.get(key)
        if value is None or value == "":
            if default is None:
                self.wrong(key, f'« {key} » manque : ajoutez {key} = "…".')
            return default or ""
        if not isinstance(value, str):
            self.wrong(key, f"« {key} » est un texte : mettez-le entre guillemets droits.")
            return default or ""
        if len(value) > longest:
            self.wrong(key, f"« {key} » dépasse {longest} caractères : raccourcissez-le.")
        return value[:longest]

    def one_of(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value and value not in known:
            self.wrong(key, f"« {key} » ne peut pas être « {value} » : {near(value, known)}")
            return known[0]
        return value or known[0]

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, f'« {key} » est une liste de textes : écrivez {key} = ["…", "…"].')
            return ()
        return tuple(value[:100])

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.wrong(key, f"« {key} » vaut true ou false, sans guillemets.")
            return default
        return value

    def whole(self, key: str, default: int, *, lowest: int = 0, highest: int = 10**6) -> int:
        value: Any = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.wrong(key, f"« {key} » est un nombre entier entre {lowest} et {highest}.")
            return default
        return value

    def number(self, key: str, default: Decimal | None = None) -> Decimal | None:
        value: Any = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.wrong(key, f"« {key} » est un nombre, sans guillemets, avec un point : {key} = 1.5")
            return default
        number = Decimal(value)
        if not number.is_finite() or abs(number) > LARGEST_NUMBER or number != round(number, MOST_DECIMALS):
            self.wrong(key, f"« {key} » est trop grand, trop précis, ou n’est pas un nombre.")
            return default
        return number

    def table(self, key: str) -> "Table":
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"« {key} » est une partie : écrivez [{key}] sur une ligne, ses clés dessous.")
            value = {}
        return self._inside(key, value)

    def tables(self, key: str) -> list["Table"]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(key, f"« {key} » se répète : écrivez [[{key}]] sur une ligne, ses clés dessous.")
            return []
        return [self._inside(f"{key}#{number}", item) for number, item in enumerate(value)]

    def _inside(self, name: str, values: Mapping[str, Any]) -> "Table":
        path = f"{self.path}.{name}" if self.path else name
        return Table(self.file, values, path, self.lines, self.mistakes)


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def csv_rows(
    file: str, text: str, columns: Sequence[str], mistakes: Mistakes, *, optional: Sequence[str] = ()
) -> list[Row]:
    """Lines that start with # and empty ones are left out."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    rows: list[Row] = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            line, start = reader.line_num + 1, line
            cells = [cell.strip() for cell in cells]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if header is None:
                header = cells
                if not _header_fits(file, start, header, columns, optional, mistakes):
                    return []
                continue
            if len(cells) > len(header) and not any(cells[len(header) :]):
                cells = cells[: len(header)]
            if len(cells) > len(header) or len(cells) < len(header) - len(optional):
                mistakes.add(
                    file,
                    start,
                    f"cette ligne a {len(cells)} cases, il en faut {len(header)} ({';'.join(header)}) : "
                    "comptez les points-virgules.",
                )
                continue
            rows.append(Row(start, dict(zip(header, cells, strict=False))))
    except csv.Error as error:
        mistakes.add(
            file, line, f"cette ligne n’est pas lisible : un guillemet est sans doute de trop. ({error})"
        )
    if header is None:
        mistakes.add(file, 1, f"le fichier est vide : sa première ligne est {';'.join(columns)}")
    return rows


def _header_fits(
    file: str,
    line: int,
    header: Sequence[str],
    columns: Sequence[str],
    optional: Sequence[str],
    mistakes: Mistakes,
) -> bool:
    missing = [column for column in columns if column not in header]
    unknown = [column for column in header if column not in columns and column not in optional]
    if missing or unknown or len(set(header)) != len(header):
        told = f"il manque {', '.join(missing)}" if missing else f"« {(unknown or header)[0]} » est de trop"
        mistakes.add(
            file,
            line,
            f"la première ligne nomme les colonnes : {told}. Écrivez : {';'.join(columns)} "
            "(séparées par des points-virgules).",
        )
        return False
    return True
