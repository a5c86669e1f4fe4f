"""FINESS extractions of data.gouv.fr (DREES then ANS, Licence Ouverte). Pure.

`etalab-cs1100502-stock-….csv` (establishments), `etalab-cs1100507-…` (the same with geolocation lines) and
`etalab-cs1100501-…` (legal entities). Separator `;`, no header: the first line is `finess;etalab;<n>;<date>`, then each
line begins with its section. Column names are those of the DREES description of the files; docs/directory.md says what
was checked against published lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from terresante.directory.enums import OrganizationKind
from terresante.directory.identifiers import has_right_key, is_finess
from terresante.directory.loading.lines import (
    FormatError,
    Remark,
    fields_of,
    has_control_characters,
    text_lines,
)
from terresante.directory.names import search_form

SEPARATOR = ";"
FIRST_LINE = "finess;etalab;"

ESTABLISHMENT_COLUMNS = (
    "section",
    "nofinesset",
    "nofinessej",
    "rs",
    "rslongue",
    "complrs",
    "compldistrib",
    "numvoie",
    "typvoie",
    "voie",
    "compvoie",
    "lieuditbp",
    "commune",
    "departement",
    "libdepartement",
    "ligneacheminement",
    "telephone",
    "telecopie",
    "categetab",
    "libcategetab",
    "categagretab",
    "libcategagretab",
    "siret",
    "codeape",
    "codemft",
    "libmft",
    "codesph",
    "libsph",
    "dateouv",
    "dateautor",
    "datemaj",
    "numuai",
)
LEGAL_ENTITY_COLUMNS = (
    "section",
    "nofiness",
    "rs",
    "rslongue",
    "complrs",
    "numvoie",
    "typvoie",
    "voie",
    "compvoie",
    "compldistrib",
    "lieuditbp",
    "commune",
    "ligneacheminement",
    "departement",
    "libdepartement",
    "telephone",
    "statutjuridique",
    "libstatutjuridique",
    "categetab",
    "libcategetab",
    "siren",
    "codeape",
    "datecrea",
)
GEOLOCATION = "geolocalisation"
SECTIONS = {"structureet": ESTABLISHMENT_COLUMNS, "structureej": LEGAL_ENTITY_COLUMNS}

# Categories of FINESS (TRE_R397) → our kinds; what is not listed is « autre structure ».
KIND_OF_CATEGORY = {
    "101": OrganizationKind.PUBLIC_HOSPITAL,
    "106": OrganizationKind.PUBLIC_HOSPITAL,
    "109": OrganizationKind.SMR,
    "124": OrganizationKind.HEALTH_CENTRE,
    "127": OrganizationKind.HAD,
    "128": OrganizationKind.PRIVATE_HOSPITAL,
    "129": OrganizationKind.PRIVATE_HOSPITAL,
    "156": OrganizationKind.CMP,
    "161": OrganizationKind.PRIVATE_HOSPITAL,
    "178": OrganizationKind.CAARUD,
    "182": OrganizationKind.SESSAD,
    "190": OrganizationKind.CAMSP,
    "197": OrganizationKind.CSAPA,
    "202": OrganizationKind.RESIDENCE,
    "209": OrganizationKind.SAD,
    "223": OrganizationKind.PMI,
    "292": OrganizationKind.PUBLIC_HOSPITAL,
    "340": OrganizationKind.MJPM,
    "354": OrganizationKind.SSIAD,
    "355": OrganizationKind.PUBLIC_HOSPITAL,
    "362": OrganizationKind.USLD,
    "365": OrganizationKind.PRIVATE_HOSPITAL,
    "460": OrganizationKind.SAD,
    "500": OrganizationKind.EHPAD,
    "603": OrganizationKind.MSP,
    "604": OrganizationKind.CPTS,
    "611": OrganizationKind.LABORATORY,
    "620": OrganizationKind.PHARMACY,
}
HOSPITALS = frozenset({OrganizationKind.PUBLIC_HOSPITAL, OrganizationKind.PRIVATE_HOSPITAL})
# Mental-health hospitals, CMP, SMPR, CATTP, post-cure, crisis centre: a stay there is itself a secret.
PSYCHIATRIC_CATEGORIES = frozenset({"156", "161", "292", "366", "412", "415", "425", "430", "444"})
PUBLIC_SERVICE = "1"

# FINESS numbers overseas departments 9A… where the COG says 971…; the commune keeps its last two digits.
OVERSEAS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9E": "975", "9F": "976", "9J": "986"}
DELIVERY_LINE = re.compile(r"([0-9]{5}) +(.+?)(?: +CEDEX(?: +[0-9]+)?)?")


@dataclass(frozen=True, slots=True)
class FinessOrganization:
    line: int
    is_legal_entity: bool
    finess: str
    legal_finess: str
    name: str
    short_name: str
    search_name: str
    kind: str
    is_psychiatric: bool
    siret: str
    address: str
    postal_code: str
    commune_code: str
    commune_name: str
    phone: str


def read_finess(path: Path) -> Iterator[FinessOrganization | Remark]:
    """Raises FormatError when the first line is not that of a FINESS extraction."""
    lines = text_lines(path)
    first = next(lines, (0, ""))[1]
    if not first.startswith(FIRST_LINE):
        raise FormatError(
            f"La première ligne de {path.name} ne commence pas par « {FIRST_LINE} » : "
            "ce n’est pas une extraction FINESS au format etalab."
        )
    for number, line in lines:
        section = line.partition(SEPARATOR)[0].strip('" ')
        if section == GEOLOCATION:
            continue
        columns = SECTIONS.get(section)
        if columns is None:
            yield Remark(number, "section", f"La section « {section[:40]} » est inconnue.")
            continue
        fields = fields_of(line, separator=SEPARATOR, width=len(columns))
        if fields is None:
            yield Remark(number, "", f"La ligne n’a pas {len(columns)} colonnes.")
        elif has_control_characters(line):
            yield Remark(number, "", "La ligne contient un caractère de contrôle.")
        else:
            yield from _organization(number, dict(zip(columns, fields, strict=True)))


def _organization(number: int, row: dict[str, str]) -> Iterator[FinessOrganization | Remark]:
    is_legal = row["section"] == "structureej"
    column = "nofiness" if is_legal else "nofinesset"
    finess, name = row[column], row["rslongue"] or row["rs"]
    if not is_finess(finess):
        yield Remark(number, column, "Le numéro FINESS n’a pas 9 caractères.")
        return
    if not name:
        yield Remark(number, "rs", "La raison sociale est vide.")
        return
    if not has_right_key(finess):
        yield Remark(number, column, "La clé du numéro FINESS est fausse.", rejects=False)
    postal_code, commune_name = _delivery(row["ligneacheminement"])
    category = row["categetab"]
    yield FinessOrganization(
        line=number,
        is_legal_entity=is_legal,
        finess=finess,
        legal_finess=finess if is_legal else row["nofinessej"][:9],
        name=name[:200],
        short_name=row["rs"][:80],
        search_name=search_form(name[:200], row["rs"][:80])[:300],
        kind=OrganizationKind.LEGAL_ENTITY.value
        if is_legal
        else _kind(category, row["codesph"], row["libsph"]),
        is_psychiatric=not is_legal and category in PSYCHIATRIC_CATEGORIES,
        siret=row.get("siret", "")[:14],
        address=_address(row),
        postal_code=postal_code,
        commune_code=commune_code(row["departement"], row["commune"], postal_code),
        commune_name=commune_name[:120],
        phone=row["telephone"][:30],
    )


def _kind(category: str, service: str, service_label: str) -> str:
    kind = KIND_OF_CATEGORY.get(category, OrganizationKind.OTHER)
    if kind in HOSPITALS and "interet collectif" in search_form(service_label):
        return OrganizationKind.ESPIC.value
    if kind in HOSPITALS and service == PUBLIC_SERVICE:
        return OrganizationKind.PUBLIC_HOSPITAL.value
    return kind.value


def commune_code(department: str, commune: str, postal_code: str) -> str:
    """COG code from the department of FINESS and its three digits of commune; '' when either is missing.

    Saint-Barthélemy and Saint-Martin stand under Guadeloupe with the numbers they had before 2007.
    """
    if not (department and commune):
        return ""
    if department == "9A" and postal_code in {"97133", "97150"}:
        return {"97133": "97701", "97150": "97801"}[postal_code]
    prefix = OVERSEAS.get(department, department)
    return (prefix + commune.zfill(3)[-(5 - len(prefix)) :])[:5]


def _delivery(line: str) -> tuple[str, str]:
    found = DELIVERY_LINE.fullmatch(line.strip())
    return (found[1], found[2]) if found else ("", line.strip())


def _address(row: dict[str, str]) -> str:
    way = " ".join(part for part in (row["numvoie"] + row["compvoie"], row["typvoie"], row["voie"]) if part)
    lines = (row["complrs"], row["compldistrib"], way, row["lieuditbp"])
    return "\n".join(line for line in lines if line)[:400]
