"""Communes of the npm package @etalab/decoupage-administratif, countries of the INSEE file of the COG.

A place is never deleted: somebody may be born in a commune that has gone.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terresante.directory.enums import PlaceKind
from terresante.directory.loading.lines import FormatError, text_lines
from terresante.directory.models import Place
from terresante.directory.names import search_form

KINDS = {
    "commune-actuelle": PlaceKind.COMMUNE,
    "arrondissement-municipal": PlaceKind.DISTRICT,
    "commune-deleguee": PlaceKind.DELEGATED,
    "commune-associee": PlaceKind.ASSOCIATED,
}
# COG, column ACTUAL: a territory that shares the code of another country.
SHARES_A_CODE = "3"


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    code: str
    kind: PlaceKind
    name: str
    department: str = ""
    parent_code: str = ""
    postal_codes: tuple[str, ...] = ()
    population: int = 0


def read_communes(path: Path) -> Iterator[PlaceRecord]:
    """Raises FormatError when the file is not the package's list, OSError when it is not there."""
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            yield PlaceRecord(
                code=row["code"],
                kind=KINDS[row["type"]],
                name=row["nom"],
                department=row.get("departement", ""),
                parent_code=row.get("commune") or row.get("chefLieu") or "",
                postal_codes=tuple(row.get("codesPostaux", ())),
                population=row.get("population", 0),
            )
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"{path.name} n’est pas la liste des communes de @etalab/decoupage-administratif."
        ) from error


def read_countries(path: Path) -> list[PlaceRecord]:
    """Header with COG, LIBCOG and, usually, ACTUAL; commas or tabs. France (99100) is one of them."""
    text = "\n".join(line for _, line in text_lines(path))
    separator = "\t" if "\t" in text.partition("\n")[0] else ","
    rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
    if not rows or not {"COG", "LIBCOG"} <= set(rows[0]):
        raise FormatError(
            f"{path.name} n’a pas les colonnes COG et LIBCOG : ce n’est pas le fichier des pays."
        )
    return [
        PlaceRecord(code=row["COG"], kind=PlaceKind.COUNTRY, name=row["LIBCOG"])
        for row in rows
        if row["COG"].startswith("99") and len(row["COG"]) == 5 and row.get("ACTUAL") != SHARES_A_CODE
    ]


def store(records: Iterable[PlaceRecord]) -> int:
    places = [
        Place(
            code=record.code,
            kind=record.kind,
            name=record.name,
            department=record.department,
            parent_code=record.parent_code,
            postal_codes=list(record.postal_codes),
            population=record.population,
            search_name=search_form(record.name),
        )
        for record in records
    ]
    Place.objects.bulk_create(
        places,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["code", "kind"],
        update_fields=["name", "department", "parent_code", "postal_codes", "population", "search_name"],
    )
    return len(places)
