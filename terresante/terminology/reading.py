"""Published lists of codes, from their files: the four forms of the NOS (SVS XML, FHIR in JSON and in XML, tabs), LOINC
translations.

Pure. Bounded in size and number; nothing is resolved nor fetched.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from lxml import etree
from lxml.etree import _Element

from terresante.terminology.enums import LOINC, Format
from terresante.terminology.models import CODE_LENGTH, LABEL_LENGTH, SYSTEM_LENGTH

# In bytes: the translations of LOINC are of 60 MB.
LARGEST = 120 * 1000 * 1000
MOST_CODES = 400_000
MOST_REMARKS = 100
_SVS = "urn:ihe:iti:svs:2008"
Row = TypeVar("Row")
_TABS = b"<OID>;"
_TABS_LABELS = ("<Libellé>", "<Libellé adapté>", "<Libellé long>", "<Libellé court>")
_RESOURCES = ("{http://hl7.org/fhir}ValueSet", "{http://hl7.org/fhir}CodeSystem")
_REPEATED = frozenset({"concept", "contains", "include", "exclude", "designation", "identifier"})
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
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_TABS):
        return _tabs(raw, file_name)
    start = raw.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    if start == b"<":
        root = _tree(raw)
        return _fhir(_told(root), file_name) if root.tag in _RESOURCES else _svs(root, file_name)
    if start == b"{":
        return _fhir(_json(raw), file_name)
    if b"LOINC_NUM" in raw[:2000]:
        return _loinc(raw, file_name)
    raise NotASet(
        "Ce n’est ni une réponse SVS, ni une liste FHIR (ValueSet, CodeSystem), ni un fichier tabs, ni celui de LOINC."
    )


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


def _tree(raw: bytes) -> _Element:
    if _DOCTYPE.search(raw):
        raise NotASet("Le fichier déclare une DTD ou une entité : il n’est pas lu.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError:
        raise NotASet("Le fichier n’est pas du XML bien formé.") from None
    # In UTF-16, the search above finds nothing.
    if root.getroottree().docinfo.doctype:
        raise NotASet("Le fichier déclare une DTD ou une entité : il n’est pas lu.")
    return root


def _svs(root: _Element, file_name: str) -> Published:
    """One list, as a RetrieveValueSet answers it, or RetrieveMultipleValueSets (IHE ITI-48, ITI-60)."""
    found = [*root.iter(f"{{{_SVS}}}ValueSet"), *root.iter(f"{{{_SVS}}}DescribedValueSet")]
    if not found:
        raise NotASet("Le XML ne contient ni ValueSet SVS (urn:ihe:iti:svs:2008), ni ressource FHIR.")
    if len(found) > 1:
        raise NotASet(f"Le fichier contient {len(found)} listes : chargez-les une par une.")
    value_set = found[0]
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


def _tabs(raw: bytes, file_name: str) -> Published:
    """A head and its values, then a head of columns and a line for each code, in Latin or UTF-8 letters."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    rows = list(_read(csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=";")))
    head, values, columns = (*rows[:3], [], [], [])[:3]
    told = dict(zip(head, values, strict=False))
    lines = _Lines({}, [])
    for number, row in enumerate(rows[3:], start=4):
        cells = dict(zip(columns, row, strict=False))
        label = next((cells[name] for name in _TABS_LABELS if cells.get(name)), "")
        if any(row):
            lines.add(f"ligne {number}", cells.get("<Code>", ""), cells.get("<OID>", ""), label)
    return _published(
        lines,
        identifier=told.get("<OID>", ""),
        name=told.get("<Nom fichier>", "") or file_name,
        title=told.get("<Description>", ""),
        version="",
        day=told.get("<Date MàJ>", "") or told.get("<Date valid>", ""),
        kind=Format.TABS,
    )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        return _mapping(json.loads(raw))
    except (ValueError, RecursionError):
        raise NotASet("Le fichier n’est pas du JSON bien formé.") from None


def _told(element: _Element) -> dict[str, Any]:
    """The XML form of a resource as its JSON form (R4, 2.6.1): what may come several times is a list, even alone."""
    found: dict[str, Any] = {"resourceType": etree.QName(element).localname}
    waiting = [(element, found, 0)]
    while waiting:
        above, said, depth = waiting.pop()
        for each in above:
            if not isinstance(each.tag, str) or depth > 3 * _DEEPEST:
                continue
            name = etree.QName(each).localname
            inside: dict[str, Any] = {}
            if len(each):
                waiting.append((each, inside, depth + 1))
            value: Any = inside if len(each) else each.get("value", "")
            if name in _REPEATED:
                said.setdefault(name, []).append(value)
            else:
                said.setdefault(name, value)
    return found


def _fhir(told: dict[str, Any], file_name: str) -> Published:
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
    """Its expansion when it has one; else what it includes, each with its system, without what it excludes.

    Half of a list would flag right codes: one that says its codes by a rule waits for its expansion.
    """
    expansion = _mapping(told.get("expansion")).get("contains")
    if expansion:
        _concepts(lines, expansion, "", 0)
        return
    compose = _mapping(told.get("compose"))
    included, excluded = (list(_listed(compose.get(name))) for name in ("include", "exclude"))
    if any("concept" not in each for each in (*included, *excluded)):
        raise NotASet("Cette liste dit ses codes par une règle : chargez-en la forme développée (expansion).")
    for include in included:
        _concepts(lines, include.get("concept"), str(include.get("system") or ""), 0)
    for exclude in excluded:
        system = str(exclude.get("system") or "").removeprefix("urn:oid:")
        for each in _listed(exclude.get("concept")):
            lines.seen.pop((str(each.get("code") or ""), system), None)


def _concepts(lines: _Lines, concepts: object, system: str, depth: int) -> None:
    for number, each in enumerate(_listed(concepts), start=1):
        own = _oid_said(each) or str(each.get("system") or system).removeprefix("urn:oid:")
        has_more = "concept" in each or "contains" in each
        if has_more and (each.get("abstract") in (True, "true") or not each.get("code")):
            # A heading: the codes are inside it.
            _inside(lines, each, system, depth)
            continue
        lines.add(f"code {number}", str(each.get("code") or ""), own, _label(each))
        _inside(lines, each, system, depth)


def _oid_said(concept: dict[str, Any]) -> str:
    """The NOS say the OID of a system beside each of its codes."""
    for each in _listed(concept.get("designation")):
        value = str(each.get("value") or "")
        if _mapping(each.get("use")).get("code") == "OID" and value.startswith("urn:oid:"):
            return value.removeprefix("urn:oid:")
    return ""


def _inside(lines: _Lines, concept: dict[str, Any], system: str, depth: int) -> None:
    for name in ("concept", "contains"):
        if depth < _DEEPEST and name in concept:
            _concepts(lines, concept[name], system, depth + 1)


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
    for number, row in enumerate(_read(rows), start=2):
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


def _read(rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except csv.Error:
        raise NotASet(
            "Le fichier n’est pas un CSV lisible : une ligne est trop longue, ou un guillemet manque."
        ) from None


_LOINC_NAMES = ("LONG_COMMON_NAME", "LIBELLE", "Libellé", "LinguisticVariantDisplayName", "SHORTNAME")


def _day(text: str) -> datetime.date | None:
    """ISO, or digits (20240927120000)."""
    digits = re.sub(r"\D", "", text)[:8]
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
