"""A file of persons for whom records are to be prepared: its lines, read and checked one by one. Pure."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from terresante.kernel.errors import Invalid
from terresante.kernel.ui.wording import NBSP
from terresante.patients.enums import Sex
from terresante.patients.identity_rules import normalised_name
from terresante.patients.traits import UNKNOWN_PLACE, BirthDate, Traits, check_traits, read_birth_date

# The five traits (INTEROP.md 2); the place is the COG code of the commune, or 99 and the country.
COLUMNS = ("nom_naissance", "prenoms_naissance", "date_naissance", "sexe", "lieu_naissance")
# Of each trait: its column, how it is said, and what is expected there.
_TRAITS = {
    "birth_name": (COLUMNS[0], "nom de naissance", "des lettres, 100 au plus"),
    "birth_given_names": (COLUMNS[1], "prénoms de naissance", "des lettres, 200 au plus"),
    "birth_date": (COLUMNS[2], "date de naissance", "JJ/MM/AAAA ou AAAA-MM-JJ, un jour passé qui existe"),
    "sex": (COLUMNS[3], "sexe", "F ou M"),
    "birth_place_code": (COLUMNS[4], "lieu de naissance", "code INSEE de la commune, ou 99 et le pays"),
}
# Whole: « 1951-04-03 08:00 » is no year 1951 alone. Exports add an hour to dates.
_DATE = re.compile(
    r"(\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{4}|\d{8}|\d{4}-\d{2}-\d{2}|\d{4})(?:[T ]\d{2}:\d{2}(?::\d{2})?)?",
    re.ASCII,
)
_DELIMITERS = (";", "\t", ",")
MOST_LINES = 500
LARGEST = 500_000  # bytes
_MOST_NAMED, _LONGEST_NAMED = 20, 40


@dataclass(frozen=True, slots=True)
class Line:
    """`why` names the columns to correct, never what they say; '' when `traits` may be looked for."""

    number: int
    traits: Traits | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`ignored` are the columns that are not read, as the file names them."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


def read_table(content: bytes, *, today: date) -> Table:
    """Lines are numbered as a spreadsheet shows them, where the header is the first. Raises Invalid for what is no such
    file.
    """
    first, *rows = _text(content).split("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    names = _cells(first, delimiter) or []
    header = [_plain(name) for name in names]
    _check_header(header)
    filled = [(number, row) for number, row in enumerate(rows, start=2) if row.strip(f" {delimiter}")]
    if len(filled) > MOST_LINES:
        raise Invalid(f"Le fichier compte plus de {MOST_LINES} lignes{NBSP}: coupez-le.")
    ignored = [
        name.strip()[:_LONGEST_NAMED]
        for name, plain in zip(names, header, strict=True)
        if plain not in COLUMNS
    ]
    lines = tuple(_line(number, header, _cells(row, delimiter), today) for number, row in filled)
    return Table(lines, tuple(name for name in ignored if name)[:_MOST_NAMED])


def _cells(row: str, delimiter: str) -> list[str] | None:
    """Of one line, so that a quotation mark left open spoils no other; None for a line that cannot be cut."""
    try:
        return next(csv.reader([row], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _plain(name: str) -> str:
    """« Prénoms de naissance » is `prenoms_naissance`."""
    words = normalised_name(name.replace("_", " ")).lower().replace("-", " ").split()
    return "_".join(word for word in words if word != "de")


def _check_header(header: Sequence[str]) -> None:
    """Raises Invalid, in one sentence."""
    missing = [name for name in COLUMNS if name not in header]
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if not missing and not twice:
        return
    if twice:
        raise Invalid(
            f"La première ligne nomme plusieurs fois {', '.join(twice)}{NBSP}: gardez une colonne de chaque."
        )
    many = "les colonnes" if len(missing) > 1 else "la colonne"
    raise Invalid(
        f"La première ligne doit nommer {many} {', '.join(missing)} (séparées par un point-virgule, une virgule ou une "
        "tabulation)."
    )


def _line(number: int, header: Sequence[str], row: Sequence[str] | None, today: date) -> Line:
    if row is None or len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
        return Line(
            number, None, "autant de colonnes que la première ligne, et des guillemets fermés, attendus"
        )
    cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
    born = _born(cells["date_naissance"])
    traits = Traits(
        birth_name=cells["nom_naissance"],
        birth_given_names=cells["prenoms_naissance"],
        birth_date=born.day if born else None,
        lunar_birth_date=born.lunar if born else "",
        sex=cells["sexe"].upper(),
        birth_place_code=cells["lieu_naissance"].upper(),
    )
    wrong = _wrong(traits, today)
    if not wrong:
        return Line(number, traits)
    return Line(
        number, None, f"{NBSP}; ".join(_why(*_TRAITS[name], cells) for name in _TRAITS if name in wrong)
    )


def _wrong(traits: Traits, today: date) -> set[str]:
    """Nobody is told apart without the five, all of them known."""
    wrong = set() if traits.birth_place_code != UNKNOWN_PLACE else {"birth_place_code"}
    wrong |= set() if traits.sex != Sex.UNKNOWN else {"sex"}
    try:
        check_traits(traits, today=today)
    except Invalid as error:
        wrong |= {name.removeprefix("lunar_") for name in error.fields}
    return wrong


def _why(column: str, words: str, expected: str, cells: Mapping[str, str]) -> str:
    return f"{words}{NBSP}: {expected if cells[column] else 'à remplir'}"


def _text(content: bytes) -> str:
    """Raises Invalid."""
    if len(content) > LARGEST:
        raise Invalid("Le fichier dépasse 500 ko : coupez-le.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\x00" in text:
        raise Invalid("Ce n’est pas un fichier CSV.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _born(text: str) -> BirthDate | None:
    found = _DATE.fullmatch(text)
    try:
        return read_birth_date(found[1]) if found else None
    except ValueError:
        return None
