"""Whom the simulated teleservice knows: a file with the published columns, or a list of its own making.

The published list has no birth place: five characters of the matricule say where somebody born in France was born.
"""

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "ID patient",
    "Prénom de naissance",
    "Liste prénoms",
    "Prénom utilisé",
    "Nom de naissance",
    "NOM utilisé",
    "Matricule INS (NIR)",
    "Date de naissance",
    "Sexe",
    "STATUT DMP",
)
# The authority of test numbers: nothing else is ever given out.
TEST_OID = "1.2.250.1.213.1.4.10"
# name, given names, used name, birth date, sex, birth place
_INVENTED = (
    ("ESSAI-AUBIER", "CAPUCINE ROSE", "", "1951-03-08", "F", "94028"),
    ("ESSAI-AUBIER", "CYPRIEN JEAN", "", "1951-03-08", "M", "94028"),
    ("ESSAI-BRUYERE", "LISERON", "ESSAI-CHENE", "1978-12-24", "F", "75115"),
    ("ESSAI-COQUELICOT", "JEAN-TILLEUL MARIE", "", "1934-07-14", "M", "2A004"),
    ("ESSAI-COQUELICOT", "JEAN-TILLEUL", "", "1934-07-14", "M", "2B033"),
    ("ESSAI-DIGITALE", "ANEMONE", "", "2019-02-28", "F", "93066"),
    ("ESSAI-ERABLE", "FATOUMATA", "", "1989-01-01", "F", "99335"),
    ("ESSAI-FOUGERE", "NARCISSE PAUL LOUIS", "", "1966-05-31", "M", "91228"),
)


class UnusableFile(Exception):
    """The list cannot be read; the text says why, in French."""


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    given_names: tuple[str, ...]
    used_name: str
    born: datetime.date
    sex: str
    matricule: str

    @property
    def place(self) -> str:
        """A commune, or 99xxx for a country."""
        return self.matricule[5:10]

    def row(self, number: int) -> tuple[str, ...]:
        given = self.given_names[0]
        return (
            str(number), given, " ".join(self.given_names), given, self.name, self.used_name or self.name,
            self.matricule, self.born.isoformat(), self.sex, "vide",
        )  # fmt: skip


def invented() -> list[Known]:
    return [
        Known(
            name=name,
            given_names=tuple(given.split()),
            used_name=used,
            born=(day := datetime.date.fromisoformat(born)),
            sex=sex,
            matricule=_matricule(sex, day, place, 800 + number),
        )
        for number, (name, given, used, born, sex, place) in enumerate(_INVENTED)
    ]


def read(path: Path) -> list[Known]:
    """Raises UnusableFile."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return [_known(row) for row in csv.DictReader(lines)]
    except OSError as error:
        raise UnusableFile(f"La liste {path} ne s’ouvre pas : vérifiez son chemin.") from error
    except (KeyError, ValueError, AttributeError) as error:
        raise UnusableFile(
            f"La liste {path} n’a pas les colonnes publiées : {', '.join(COLUMNS)}."
        ) from error


def write(path: Path, people: Iterator[Known] | list[Known]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        writer.writerows(one.row(number) for number, one in enumerate(people, start=1))


def _known(row: dict[str, str]) -> Known:
    given = row["Liste prénoms"].replace(",", " ").split() or [row["Prénom de naissance"]]
    name, used = row["Nom de naissance"].strip().upper(), row["NOM utilisé"].strip()
    return Known(
        name=name,
        given_names=tuple(name.strip().upper() for name in given),
        used_name="" if used.upper() == name else used,
        born=datetime.date.fromisoformat(row["Date de naissance"].strip()),
        sex=row["Sexe"].strip(),
        matricule=row["Matricule INS (NIR)"].strip(),
    )


def _matricule(sex: str, born: datetime.date, place: str, order: int) -> str:
    body = f"{1 if sex == 'M' else 2}{born:%y%m}{place}{order:03d}"
    number = int(body.replace("2A", "19").replace("2B", "18") if body[5:7] in ("2A", "2B") else body)
    return f"{body}{97 - number % 97:02d}"
