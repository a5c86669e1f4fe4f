"""What the sections of published documents say in entries, counted by XPath: nothing of the platform's own reader."""

from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree
from lxml.etree import _Element

from simulators.conformance.papers import Paper

_NS = {"c": "urn:hl7-org:v3"}
_PCC = "1.3.6.1.4.1.19376.1.5.3.1.4"
_DONE = "[not(@negationInd='true')]"
# What says that there is none, or that nobody knows.
_NONE = {"716186003", "no-known-allergies", "no-allergy-info-known", "no-known-problems", "no-problem-info"}
_SAYS_NOTHING = {"", "-", "(texte libre)", "(Texte libre)"}
_PRODUCT = ".//c:manufacturedMaterial"


def _in(*sections: str) -> str:
    said = " or ".join(f"@code='{code}'" for code in sections)
    return f"//c:section[c:code[{said}]]/c:entry"


_PATHS = {
    "allergies": f"{_in('48765-2')}//c:observation[c:templateId/@root='{_PCC}.6']{_DONE}",
    "problemes": (
        f"{_in('11450-4', '11348-0')}//c:observation[c:templateId/@root='{_PCC}.5']{_DONE}"
        "[not(ancestor::c:observation)]"
    ),
    "traitements": (
        f"{_in('18610-6', '10183-2', '10160-0', '57828-6')}//c:substanceAdministration"
        "[not(ancestor::c:substanceAdministration)][c:consumable]"
        f" | {_in('60590-7')}//c:supply[not(ancestor::c:supply)][c:product]"
    ),
    # Without its day it stays in the text of its document.
    "vaccinations": f"{_in('11369-6')}//c:substanceAdministration{_DONE}[c:effectiveTime/@value]",
    # What is to come: a plan of care also says what was done.
    "etapes": f"{_in('18776-5')}/c:*{_DONE}[contains(' INT PRP PRMS RQO ARQ APT GOL ', concat(' ', @moodCode, ' '))]",
}


def content_of(paper: Paper) -> Counter[str]:
    """How many facts of each kind, each once."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(paper.raw, parser)
    found: set[tuple[str, str]] = set()
    for kind, path in _PATHS.items():
        for each in cast("list[_Element]", root.xpath(path, namespaces=_NS)):
            name = _name(root, each, kind)
            if name:
                found.add((kind, name.casefold()))
    return Counter(kind for kind, _ in found)


def _name(root: _Element, entry: _Element, kind: str) -> str:
    """What tells it from another of its kind; '' for what says that there is none, or names nothing."""
    value = entry.find("c:value", _NS)
    if kind == "etapes":
        return _planned(root, entry)
    if value is not None and (value.get("code") in _NONE or value.get("value")):
        return ""
    if kind in ("traitements", "vaccinations"):
        return _product(root, entry)
    if kind == "allergies":
        # The words that it points to are those that were signed; one published code is another medicine's.
        words = "".join(
            _referenced(root, entry, ".//c:participant//c:code/c:originalText/c:reference/@value")
        )
        return (
            words
            or _all(entry, ".//c:participant//c:code/@*|.//c:participant//c:name//text()")
            or ("oui" if _pointed(root, entry).casefold() == "oui" else "")
        )
    label = "" if value is None else value.get("displayName") or value.get("code") or ""
    return label or _pointed(root, entry)


def _planned(root: _Element, entry: _Element) -> str:
    """Its words, and the day that its row says too; of a box, its row: « Oui » is planned, « Non » is not."""
    words, row = _pointed(root, entry), _row(root, entry)
    if words.casefold() == "non" or entry.xpath("c:value/@value = 'false'", namespaces=_NS):
        return ""
    words = row if words.casefold() == "oui" else "" if words in _SAYS_NOTHING else words
    product = _product(root, entry)
    name = words or product or _all(entry, "c:value//text()") or _all(entry, "c:code/@displayName")
    at = _all(entry, "c:effectiveTime/@value|c:effectiveTime/c:low/@value")
    said = f"{at[6:8]}/{at[4:6]}/{at[:4]}"
    return name and f"{name} {at if not row or said in row else ''}"


def _row(root: _Element, entry: _Element) -> str:
    """Of the table where its words stand."""
    for name in cast("list[str]", entry.xpath("c:text/c:reference/@value", namespaces=_NS)):
        path = "//*[@ID=$name]/ancestor-or-self::c:tr[1]"
        rows = cast("list[_Element]", root.xpath(path, name=str(name).lstrip("#"), namespaces=_NS))
        for row in rows:
            return " ".join("".join(str(part) for part in row.itertext()).split())
    return ""


def _product(root: _Element, entry: _Element) -> str:
    labels = f"{_PRODUCT}/c:code/@displayName|{_PRODUCT}/c:code/c:translation/@displayName"
    said = _all(entry, f"{_PRODUCT}/c:name//text()|{labels}")
    words = "".join(_referenced(root, entry, f"{_PRODUCT}/c:code/c:originalText/c:reference/@value"))
    return (said or words) and f"{said} {words} {_all(entry, 'c:effectiveTime//@value')}"


def _all(entry: _Element, path: str) -> str:
    found = cast("list[str]", entry.xpath(path, namespaces=_NS))
    return " ".join(" ".join(str(part) for part in found).split())


def _pointed(root: _Element, entry: _Element) -> str:
    paths = ("c:value/c:originalText/c:reference/@value", "c:text/c:reference/@value")
    return next((text for path in paths for text in _referenced(root, entry, path)), "")


def _referenced(root: _Element, entry: _Element, path: str) -> Iterator[str]:
    for name in cast("list[str]", entry.xpath(path, namespaces=_NS)):
        named = cast("list[_Element]", root.xpath("//*[@ID=$name]", name=str(name).lstrip("#")))
        for each in named[:1]:
            yield " ".join("".join(str(part) for part in each.itertext()).split())
