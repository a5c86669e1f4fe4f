"""Results of biology of published files, read by XPath and by separators: nothing of the platform's own reader."""

import re
from typing import cast

from lxml import etree
from lxml.etree import _Element

from simulators.conformance.papers import Paper
from simulators.conformance.reading import Number, Sample

# (code, value, unit) as the file says them; a bound without its sign.
Said = tuple[str, str, str]
TYPES = ("11502-2", "96173-0")
_NS = {"c": "urn:hl7-org:v3"}
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_RESULT = "//c:observation[c:templateId/@root='1.3.6.1.4.1.19376.1.3.1.6']"
_BOUND = re.compile(r"[<>≤≥]=?\s*([\d.,]+)\s*(\S*)")
_VALUED = ("NM", "SN", "ST", "TX", "FT", "CE", "CWE")
# What a message says of its document (CI-SIS): no result.
_METADATA = re.compile(r"MASQUE_PS|INVISIBLE_|CONNEXION_SECRETE|MODIF_CONF|DEST(DMP|MSS)|ACK_|COMP_LOT")
# Table 0074.
_IMAGING = ("CT", "CTH", "CUS", "EC", "EN", "NMR", "NMS", "OUS", "PF", "RAD", "RT", "RUS", "RX", "VUS", "XRC")


def results_of(paper: Paper) -> list[Said]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(paper.raw, parser)
    found = cast("list[_Element]", root.xpath(_RESULT, namespaces=_NS))
    return [(_code(each), *_value(root, each)) for each in found]


def discrete_results_of(sample: Sample) -> list[Said]:
    """Those of an ORU that carries no document."""
    return [said for said, _ in _discrete(sample)]


class Standing:
    """What stands under each number of an order, message after message: HL7 v2.5 tells two results of one code apart by
    their hour (OBX-14), so that a second report of an order completes the first.
    """

    def __init__(self) -> None:
        self._of: dict[tuple[str, ...], dict[tuple[str, str], Said]] = {}

    def after(self, sample: Sample) -> list[Said]:
        """What its message makes of the reports it speaks of. Only those that it repeats whole are followed."""
        given = _discrete(sample)
        if acknowledgement(sample) != "AA" or len({(said[0], at) for said, at in given}) < len(given):
            return [said for said, _ in given]
        whose = (*numbers_of(sample)[0], *sorted(_orders(sample)))
        stands = self._of.setdefault(whose, {})
        codes = {said[0] for said, _ in given}
        # A result announced without a value has it now, whatever its hour.
        kept = {key: said for key, said in stands.items() if said[1] or said[0] not in codes}
        self._of[whose] = kept | {(said[0], at): said for said, at in given}
        return list(self._of[whose].values())


def _orders(sample: Sample) -> set[str]:
    return {
        sample.field("OBR", 3, occurrence=n) or sample.field("OBR", 2, occurrence=n)
        for n in _each(sample, "OBR")
    }


def _discrete(sample: Sample) -> list[tuple[Said, str]]:
    """Each with its hour."""
    found = []
    for row in sample.segments.get("OBX", []):
        parts = [field.split(sample.marks[1])[0] for field in (*row, *[""] * 15)]
        if parts[2] in ("CE", "CWE", "NM"):
            every = [repetition.split(sample.marks[1]) for repetition in row[5].split(sample.marks[2])]
            # Of a code, its words.
            parts[5] = " ; ".join("".join(one[1:2] if parts[2] != "NM" else []) or one[0] for one in every)
        if parts[2] in _VALUED and not _METADATA.match(parts[3]):
            value, unit = (parts[5], "") if parts[2] == "NM" else _bounded(parts[5])
            found.append(((parts[3], value, parts[6] or unit), parts[14]))
    return found


def is_discrete(sample: Sample) -> bool:
    rows = sample.segments.get("OBX", [])
    return (
        sample.value("MSH", 9) == "ORU"
        and sample.trigger == "R01"
        and bool(discrete_results_of(sample))
        and not any(_is_document(row, sample.marks[1]) for row in rows)
    )


def _is_document(row: list[str], mark: str) -> bool:
    return len(row) > 5 and row[2] == "ED" and [*row[5].split(mark), "", "", ""][2].upper() in ("XML", "PDF")


def acknowledgement(sample: Sample) -> str:
    """Of an ORU that gives its results one by one: whose they are, of which request, of which stay."""
    if not sample.value("MSH", 10) or not f"{sample.value('MSH', 12)}2."[:2] == "2.":
        return "AR"
    if len(sample.segments["MSH"]) > 1:
        return "AR"
    persons = {
        (sample.field("PID", 3, occurrence=n), sample.field("PID", 5, occurrence=n))
        for n in _each(sample, "PID")
    }
    stays = sample.value("PV1", 2) in ("E", "I", "O", "R") and not sample.value("PV1", 19)
    numbered = any(sample.value(name, field) for name in ("OBR", "ORC") for field in (3, 2))
    is_image = any(sample.field("OBR", 24, occurrence=n) in _IMAGING for n in _each(sample, "OBR"))
    is_named = any("".join(name[:2]) for name in sample.repetitions("PID", 5))
    is_whole = len(persons) == 1 and numbers_of(sample) and is_named and numbered
    return "AE" if sample.is_undecodable or stays or is_image or not is_whole else "AA"


def _each(sample: Sample, segment: str) -> range:
    return range(len(sample.segments.get(segment, [])))


def numbers_of(sample: Sample) -> list[Number]:
    """(number, authority) of an IPP, or of what a Swiss laboratory types MR."""
    found = []
    for value, _, _, assigner, kind, *_ in ([*part, *[""] * 5] for part in sample.repetitions("PID", 3)):
        namespace, universal, *_ = [*assigner.split("&"), ""]
        if value and (universal or namespace) and kind in ("PI", "MR", ""):
            found.append((value, universal or namespace))
    return found


def _code(observation: _Element) -> str:
    for path in ("./c:code/@code", "./c:code/c:translation/@code"):
        found = cast("list[str]", observation.xpath(path, namespaces=_NS))
        if found:
            return str(found[0])
    return ""


def _value(root: _Element, observation: _Element) -> tuple[str, str]:
    value = observation.find("c:value", _NS)
    if value is None:
        return "", ""
    kind = (value.get(_TYPE) or "").split(":")[-1]
    if kind in ("PQ", "INT", "REAL"):
        return value.get("value") or "", value.get("unit") or ""
    if kind == "IVL_PQ":
        edges = [edge for edge in value if isinstance(edge.tag, str) and edge.get("value")]
        said = " à ".join(edge.get("value") or "" for edge in edges)
        return said, next((edge.get("unit") or "" for edge in edges), "")
    if kind in ("CD", "CE"):
        return _coded(root, value), ""
    return _bounded(" ".join("".join(str(part) for part in value.itertext()).split()))


def _coded(root: _Element, value: _Element) -> str:
    reference = value.find("c:originalText/c:reference", _NS)
    if reference is not None:
        name = (reference.get("value") or "").lstrip("#")
        found = cast("list[_Element]", root.xpath("//*[@ID=$name]", name=name))
        if found:
            return " ".join("".join(str(part) for part in found[0].itertext()).split())
    return value.get("displayName") or value.get("code") or ""


def _bounded(said: str) -> tuple[str, str]:
    found = _BOUND.fullmatch(said)
    return (found[1], found[2]) if found else (said, "")
