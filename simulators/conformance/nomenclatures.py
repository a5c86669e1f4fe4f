"""Published lists of codes read by hand: elements and attributes, nothing of the platform's own reader."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # our own checkout's files, given by who runs it

_SVS = "{urn:ihe:iti:svs:2008}"


@dataclass(frozen=True)
class PublishedList:
    """One file; `codes` are its (code, system) with a label, each once."""

    path: Path
    identifier: str
    codes: frozenset[tuple[str, str]]


def lists_of(folder: Path) -> list[PublishedList]:
    """Every SVS file of the folder, by name."""
    found = []
    for path in sorted(folder.rglob("*.xml")):
        if b"urn:ihe:iti:svs:2008" not in path.read_bytes()[:2000]:
            continue
        value_set = ElementTree.parse(path).getroot().find(f".//{_SVS}ValueSet")  # noqa: S314
        if value_set is None:
            continue
        concepts = value_set.iter(f"{_SVS}Concept")
        codes = {
            (" ".join(each.get("code", "").split()), " ".join(each.get("codeSystem", "").split()))
            for each in concepts
            if each.get("displayName", "").strip()
        }
        found.append(PublishedList(path, value_set.get("id", ""), frozenset(one for one in codes if one[0])))
    return found
