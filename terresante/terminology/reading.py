"""Published lists of codes, from their files: SVS XML of the CI-SIS, FHIR ValueSet and CodeSystem, LOINC translations.

Pure. Bounded in size and number; nothing is resolved nor fetched.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from terresante.terminology.enums import LOINC, Format
from terresante.terminology.models import CODE_LENGTH, LABEL_LENGTH, SYSTEM_LENGTH

# In bytes: the translations of LOINC are of 60 MB.
LARGEST = 120 * 1000 * 1000
MOST_CODES = 400_000
MOST_REMARKS = 100
_SVS = "urn:ihe:iti:svs:2008"
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DEEPEST = 12
_NOT_KEPT = re.compile(r"(?i)^(JDV|TRE|ASS)[_-]|\.(tabs|xml|json|csv)$|[_-](CISIS|ROR|ENS|FR)$")


class NotASet(Exception):
    """The sentence says what the file is not."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    system: str
    label: str


@dataclass(frozen=True, slots=True)
class Published:
    """One version of one list; `rejected` are its lines that were left out, each with the reason."""

    identifier: str
    short_name: str
    title: str
    version: str
    published_on: datetime.date | None
    format: Format
    codes: tuple[Code, ...]
    rejected: tuple[str, ...]


def read_set(raw: bytes, file_name: str) -> Published:
    """Raises NotASet."""
    if len(raw) > LARGEST:
        raise NotASet("Le fichier dépasse 120 Mo : ce n’est pas une nomenclature.")
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return _svs(raw, file_name)
    if start == b"{":
        return _fhir(raw, file_name)
    if b"LOINC_NUM" in raw[:2000]:
        return _loinc(raw, file_name)
    raise NotASet("Ce n’est ni une réponse SVS, ni un ValueSet ou CodeSystem FHIR, ni un fichier LOINC.")


def short_name_of(name: str) -> str:
    """« JDV_J07-XdsTypeCode-CISIS », « JDV_J07_XdsTypeCode_CISIS.tabs » → « J07-XDSTYPECODE »."""
    said = name.strip()
    while (kept := _NOT_KEPT.sub("", said)) != said:
        said = kept
    return said.replace("_", "-").upper()[:120]


@dataclass(slots=True)
class _Lines:
    """Codes as they come: each once, within bounds."""

    seen: dict[tuple[str, str], Code]
    rejected: list[str]

    def add(self, where: str, code: str, system: str, label: str) -> None:
        code, system, label = (" ".join(part.split()) for part in (code, system, label))
        why = ""
        if not code or not label:
            why = "le code ou le libellé manque"
        elif len(code) > CODE_LENGTH or len(system) > SYSTEM_LENGTH:
            why = "le code ou son système est trop long"
        elif (code, system) in self.seen:
            why = (
                "" if self.seen[code, system].label == label else f"{code} est déjà là, avec un autre libellé"
            )
        elif len(self.seen) >= MOST_CODES:
            raise NotASet(f"La liste dépasse {MOST_CODES} codes : elle n’est pas chargée.")
        else:
            self.seen[code, system] = Code(code, system, label[:LABEL_LENGTH])
        if why and len(self.rejected) < MOST_REMARKS:
            self.rejected.append(f"{where} : {why}"[:200])


def _published(
    lines: _Lines, *, identifier: str, name: str, title: str, version: str, day: str, kind: Format
) -> Published:
    if not identifier:
        raise NotASet("La liste ne dit pas son identifiant (OID ou URL).")
    published_on = _day(day)
    if not lines.seen:
        raise NotASet("La liste ne contient aucun code lisible.")
    return Published(
        identifier=identifier[:200],
        short_name=short_name_of(name or identifier),
        title=(title or name or identifier)[:200],
        version=(version or (published_on.isoformat() if published_on else "") or "sans version")[:60],
        published_on=published_on,
        format=kind,
        codes=tuple(lines.seen.values()),
        rejected=tuple(lines.rejected),
    )


def _svs(raw: bytes, file_name: str) -> Published:
    if _DOCTYPE.search(raw):
        raise NotASet("Le fichier déclare une DTD ou une entité : il n’est pas lu.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError:
        raise NotASet("Le fichier n’est pas du XML bien formé.") from None
    found = root.iter(f"{{{_SVS}}}ValueSet") if isinstance(root.tag, str) else iter(())
    value_set = next(iter(found), None)
    if value_set is None:
        raise NotASet("Le XML ne contient aucun ValueSet (urn:ihe:iti:svs:2008).")
    lines = _Lines({}, [])
    for number, each in enumerate(value_set.iter(f"{{{_SVS}}}Concept"), start=1):
        label = each.get("displayName") or ""
        lines.add(f"ligne {number}", each.get("code") or "", each.get("codeSystem") or "", label)
    day = value_set.get("revisionDate") or value_set.get("dateMaj") or value_set.get("effectiveDate") or ""
    name = value_set.get("displayName") or file_name
    return _published(
        lines,
        identifier=value_set.get("id") or "",
        name=name,
        title=value_set.get("description") or name,
        version=value_set.get("version") or "",
        day=day,
        kind=Format.SVS,
    )


def _fhir(raw: bytes, file_name: str) -> Published:
    try:
        told: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise NotASet("Le fichier n’est pas du JSON bien formé.") from None
    kind = told.get("resourceType")
    if kind not in ("ValueSet", "CodeSystem"):
        raise NotASet("Le JSON n’est ni un ValueSet, ni un CodeSystem FHIR.")
    lines = _Lines({}, [])
    if kind == "CodeSystem":
        _concepts(lines, told.get("concept"), str(told.get("url") or ""), 0)
    else:
        _included(lines, told)
    return _published(
        lines,
        identifier=_oid_of(told) or str(told.get("url") or ""),
        name=str(told.get("name") or file_name),
        title=str(told.get("title") or ""),
        version=str(told.get("version") or ""),
        day=str(told.get("date") or ""),
        kind=Format.VALUE_SET if kind == "ValueSet" else Format.CODE_SYSTEM,
    )


def _included(lines: _Lines, told: dict[str, Any]) -> None:
    """Its expansion when it has one; else what it includes, each with its system."""
    expansion = _mapping(told.get("expansion")).get("contains")
    if expansion:
        _concepts(lines, expansion, "", 0)
        return
    for include in _listed(_mapping(told.get("compose")).get("include")):
        _concepts(lines, include.get("concept"), str(include.get("system") or ""), 0)


def _concepts(lines: _Lines, concepts: object, system: str, depth: int) -> None:
    for number, each in enumerate(_listed(concepts), start=1):
        own = str(each.get("system") or system).removeprefix("urn:oid:")
        lines.add(f"code {number}", str(each.get("code") or ""), own, _label(each))
        for name in ("concept", "contains"):
            if depth < _DEEPEST and name in each:
                _concepts(lines, each[name], system, depth + 1)


def _label(concept: dict[str, Any]) -> str:
    """In French when a designation says so."""
    for each in _listed(concept.get("designation")):
        if str(each.get("language") or "").startswith("fr") and each.get("value"):
            return str(each["value"])
    return str(concept.get("display") or "")


def _oid_of(told: dict[str, Any]) -> str:
    for each in _listed(told.get("identifier")):
        value = str(each.get("value") or "")
        if value.startswith("urn:oid:"):
            return value.removeprefix("urn:oid:")
    return ""


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> Iterator[dict[str, Any]]:
    rows: Iterable[object] = value if isinstance(value, list) else ()
    return (each for each in rows if isinstance(each, dict))


def _loinc(raw: bytes, file_name: str) -> Published:
    """A « LinguisticVariant » of Regenstrief, or the French names of Bio LOINC: `LOINC_NUM`, then a long name."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotASet("Le fichier LOINC n’est pas en UTF-8.") from None
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
    named = [name for name in rows.fieldnames or () if name in _LOINC_NAMES]
    if not named:
        raise NotASet("Le fichier LOINC n’a pas de colonne de libellé (LONG_COMMON_NAME).")
    lines = _Lines({}, [])
    for number, row in enumerate(rows, start=2):
        label = next((row[name] for name in named if row.get(name)), "")
        lines.add(f"ligne {number}", row.get("LOINC_NUM") or "", LOINC, label or "")
    return _published(
        lines,
        identifier=LOINC,
        name="LOINC",
        title="LOINC, libellés français",
        version=file_name,
        day="",
        kind=Format.LOINC,
    )


_LOINC_NAMES = ("LONG_COMMON_NAME", "LIBELLE", "Libellé", "LinguisticVariantDisplayName", "SHORTNAME")


def _day(text: str) -> datetime.date | None:
    """ISO, or digits (20240927120000)."""
    digits = re.sub(r"\D", "", text)[:8]
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
