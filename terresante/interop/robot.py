"""A file of persons for whom records are to be prepared: its lines, read and checked one by one. Pure."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from terresante.kernel.errors import Invalid
from terresante.patients.traits import UNKNOWN_PLACE, BirthDate, Traits, check_traits, read_birth_date

# The five traits (INTEROP.md 2); the place is the COG code of the commune, or 99 and the country.
COLUMNS = ("nom_naissance", "prenoms_naissance", "date_naissance", "sexe", "lieu_naissance")
_TRAITS = {
    "birth_name": "nom de naissance",
    "birth_given_names": "prénoms de naissance",
    "birth_date": "date de naissance",
    "sex": "sexe",
    "birth_place_code": "lieu de naissance",
    "birth_place": "lieu de naissance",
}
MOST_LINES = 500
LARGEST = 500_000  # bytes


@dataclass(frozen=True, slots=True)
class Line:
    """`why` names the columns to correct, never what they say; '' when `traits` may be looked for."""

    number: int
    traits: Traits | None
    why: str = ""


def read_lines(content: bytes, *, today: date) -> list[Line]:
    """Numbered as a spreadsheet shows them, where the header is the first. Raises Invalid for what is no such file."""
    text = _text(content)
    delimiter = ";" if ";" in text.split("\n", 1)[0] else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if sorted(header) != sorted(COLUMNS):
        raise Invalid(f"La première ligne nomme les cinq colonnes : {', '.join(COLUMNS)}.")
    filled = [
        (number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)
    ]
    if len(filled) > MOST_LINES:
        raise Invalid(f"Le fichier compte plus de {MOST_LINES} lignes : coupez-le.")
    return list(_lines(header, filled, today))


def _lines(header: list[str], filled: list[tuple[int, list[str]]], today: date) -> Iterator[Line]:
    for number, row in filled:
        if len(row) != len(header):
            yield Line(number, None, "nombre de colonnes")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        born = _born(cells["date_naissance"])
        traits = Traits(
            birth_name=cells["nom_naissance"],
            birth_given_names=cells["prenoms_naissance"],
            birth_date=born.day if born else None,
            lunar_birth_date=born.lunar if born else "",
            sex=cells["sexe"].upper(),
            birth_place_code=cells["lieu_naissance"].upper(),
        )
        try:
            check_traits(traits, today=today)
        except Invalid as error:
            names = dict.fromkeys(_TRAITS.get(name, "traits") for name in error.fields or {"": ""})
            yield Line(number, None, ", ".join(names))
        else:
            # Nobody is told apart without the five.
            is_placed = traits.birth_place_code != UNKNOWN_PLACE
            yield Line(number, traits) if is_placed else Line(number, None, "lieu de naissance")


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
    try:
        return read_birth_date(text)
    except ValueError:
        return None
