"""Published CDA documents, and the messages that carry some, read by XPath: nothing of the platform's own reader."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast
from zipfile import ZipFile, is_zipfile
from zlib import crc32

from lxml import etree
from lxml.etree import _Element

from simulators.conformance.reading import Identity, Sample, day, moment
from simulators.hospital.messages import Authority, Person

_NATIONAL = "1.2.250.1.213.1.4."
_NS = {"c": "urn:hl7-org:v3"}
# Types whose readers the DMP narrows further than a class of ours does; those that no page shows.
_NOT_TAKEN = ("68599-0", "83901-9", "89601-9", "IMG-KOS", "FEUILLE-DE-STYLE", "EXPORT_DUI")
_EVENTS = {"ORU": ("R01",), "MDM": ("T02", "T04", "T10")}
# A document that gives no number of a structure is sent with one of this authority: few messages go without.
_AUTHORITY = "1.2.250.1.999.77"
# In an archive; the door takes no larger one either.
_LARGEST = 20_000_000


@dataclass(frozen=True)
class Paper:
    """One published file. `raw` is the CDA itself; a message that carries one has `message` too."""

    name: str
    folder: str
    raw: bytes
    message: bytes = b""

    @cached_property
    def _documents(self) -> list[_Element] | None:
        """None for what is not well formed."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            found = etree.fromstring(self.raw, parser).xpath("//c:ClinicalDocument", namespaces=_NS)
        except etree.XMLSyntaxError:
            return None
        return cast("list[_Element]", found)

    @property
    def _root(self) -> _Element:
        return self._documents[0] if self._documents else etree.Element("nothing")

    @property
    def is_one(self) -> bool:
        """It holds a document, or would if it were well formed: a stylesheet, a schema only speak of some."""
        return self._documents is None or bool(self._documents)

    @property
    def is_whole(self) -> bool:
        """Well formed, alone, with the identifier, the type, the date, the one patient and the body of a document; and
        with a paper that is one, when it has one.
        """
        if not self._documents or len(self._documents) > 1 or b"<!DOCTYPE" in self.raw:
            return False
        needed = (
            *("./c:id/@root", "./c:code/@code", "./c:recordTarget/c:patientRole/c:patient"),
            *("./c:recordTarget/c:patientRole/c:id/@extension", "./c:component/*"),
        )
        if not all(self._root.xpath(path, namespaces=_NS) for path in needed) or self.dated_at is None:
            return False
        is_alone = len(cast("list[_Element]", self._root.xpath("./c:recordTarget", namespaces=_NS))) == 1
        return is_alone and all(paper.strip().startswith("JVBERi") for paper in self._papers)

    @property
    def _papers(self) -> list[str]:
        """In base64."""
        whole = "./c:component/c:nonXMLBody/c:text[@mediaType='application/pdf']"
        copies = (
            ".//c:section[c:code/@code='55108-5']//c:observationMedia/c:value[@mediaType='application/pdf']"
        )
        return self.every(f"{whole}/text()") or self.every(f"{copies}/text()")

    def first(self, path: str) -> str:
        """The first text or attribute at this XPath, blanks made one."""
        found = self._root.xpath(path, namespaces=_NS)
        text = str(found[0]) if isinstance(found, list) and found else ""
        return " ".join(text.split())

    def every(self, path: str) -> list[str]:
        found = self._root.xpath(path, namespaces=_NS)
        return [str(each) for each in found] if isinstance(found, list) else []

    @property
    def type_code(self) -> str:
        return self.first("./c:code/@code")

    @property
    def title(self) -> str:
        found = self._root.xpath("string(./c:title)", namespaces=_NS)
        return " ".join(str(found).split())

    @property
    def dated_at(self) -> datetime | None:
        return moment(self.first("./c:effectiveTime/@value"))

    @property
    def identifier(self) -> str:
        root, extension = self.first("./c:id/@root"), self.first("./c:id/@extension")
        return f"{root}^{extension}" if extension else root

    @property
    def author_family(self) -> str:
        return self.first("./c:author[1]/c:assignedAuthor/c:assignedPerson/c:name/c:family/text()")

    @property
    def is_level_one(self) -> bool:
        return bool(self.every("./c:component/c:nonXMLBody/c:text/@mediaType"))

    @property
    def has_paper(self) -> bool:
        whole = self.every("./c:component/c:nonXMLBody/c:text[@mediaType='application/pdf']/@representation")
        copy = self.every(
            ".//c:section[c:code/@code='55108-5']//c:observationMedia/c:value[@mediaType='application/pdf']/@representation"
        )
        return bool(whole or copy)

    @property
    def cells(self) -> int:
        """Of the tables of its sections; the copy of the paper is not one to read."""
        text = ".//c:section[not(c:code/@code='55108-5')]/c:text"
        found = self._root.xpath(f"count({text}//c:tr/c:td) + count({text}//c:tr/c:th)", namespaces=_NS)
        return int(cast("float", found))

    @property
    def numbers(self) -> list[tuple[str, str]]:
        return self.own_numbers or [(f"C{crc32(repr(self.identity.compared).encode())}", _AUTHORITY)]

    @property
    def own_numbers(self) -> list[tuple[str, str]]:
        """(number, authority) of structures; the matricule stands apart."""
        roots = self.every("./c:recordTarget/c:patientRole/c:id/@root")
        found = []
        for root in roots:
            extension = self.first(f"./c:recordTarget/c:patientRole/c:id[@root='{root}']/@extension")
            if extension and not root.startswith(_NATIONAL):
                found.append((extension, root))
        return found

    @property
    def identity(self) -> Identity:
        patient = "./c:recordTarget/c:patientRole/c:patient"
        name = f"{patient}/c:name"
        given = self.every(f"{name}/c:given[not(@qualifier)]/text()") or self.every(f"{name}/c:given/text()")
        sex = self.first(f"{patient}/c:administrativeGenderCode/@code")
        return Identity(
            birth_name=self.first(f"{name}/c:family[@qualifier='BR']/text()")
            or self.first(f"{name}/c:family[not(@qualifier)]/text()"),
            given_names=" ".join(" ".join(given).split()),
            born=day(self.first(f"{patient}/c:birthTime/@value")),
            sex=sex if sex in ("M", "F") else "",
            birth_place=self.first(f"{patient}/c:birthplace/c:place/c:addr/c:county/text()"),
        )

    @property
    def person(self) -> Person:
        """As a message that carries this document names her."""
        number, authority = self.numbers[0]
        identity = self.identity
        return Person(
            ipp=number,
            birth_name=identity.birth_name,
            given=identity.given_names,
            birth_date=identity.born.isoformat() if identity.born else "",
            sex=identity.sex or "U",
            birth_place=identity.birth_place,
            authority=Authority("CONFORMITE", authority),
            ins=self.matricule,
            ins_oid=self.first(f"./c:recordTarget/c:patientRole/c:id[@extension='{self.matricule}']/@root"),
        )

    @property
    def matricule(self) -> str:
        return next(
            (
                number
                for root in ("8", "9", "10", "11")
                if (
                    number := self.first(
                        f"./c:recordTarget/c:patientRole/c:id[@root='{_NATIONAL}{root}']/@extension"
                    )
                )
            ),
            "",
        )


@dataclass(frozen=True)
class Sent:
    """An ORU or an MDM as published: what it carries, in clear, and how it must be answered."""

    sample: Sample

    @property
    def folder(self) -> str:
        return self.sample.name.split("/")[0] if "/" in self.sample.name else "."

    @property
    def content(self) -> bytes:
        """Of the first OBX that carries a document; empty for base64 that is none."""
        for row in self.sample.segments.get("OBX", []):
            parts = row[5].split("^") if len(row) > 5 else []
            if len(row) > 2 and row[2] == "ED" and len(parts) > 4 and parts[2].upper() in ("XML", "PDF"):
                try:
                    return base64.b64decode(parts[4] + "==", validate=False)
                except binascii.Error:
                    return b""
        return b""

    @property
    def status(self) -> str:
        """F, C or D: as its event says (MDM), else as its first document does (OBX-11)."""
        rows = [row for row in self.sample.segments.get("OBX", []) if len(row) > 11 and row[2] == "ED"]
        said = rows[0][11] if rows else ""
        return {"T10": "C", "T04": "D"}.get(self.sample.trigger, said)

    @property
    def is_hidden_from_patient(self) -> bool:
        rows = self.sample.segments.get("OBX", [])
        return any(
            len(row) > 5 and row[3].startswith("INVISIBLE_PATIENT") and row[5].startswith("Y") for row in rows
        )

    @property
    def is_document(self) -> bool:
        return self.is_paper or Paper("", "", self.content).is_whole

    @property
    def is_paper(self) -> bool:
        return self.content.startswith(b"%PDF-")

    @property
    def acknowledgement(self) -> str:
        """A dummy sentence stands for the document in most published samples: AE, and its raw message is kept."""
        if not self.sample.value("MSH", 10) or not f"{self.sample.value('MSH', 12)}2."[:2] == "2.":
            return "AR"
        return "AA" if self.is_document and self._is_whose_document_is else "AE"

    @property
    def _is_whose_document_is(self) -> bool:
        """One number at least is in PID-3 and in the document."""
        if self.is_paper:
            return True
        paper = Paper(self.sample.name, self.folder, self.content)
        ids = paper.every("./c:recordTarget/c:patientRole/c:id/@extension")
        return any(part[0] in ids for part in self.sample.repetitions("PID", 3))


def carries_document(sample: Sample) -> bool:
    return sample.trigger in _EVENTS.get(sample.value("MSH", 9), ())


def is_taken(paper: Paper) -> bool:
    """What a document must have to be filed (CI-SIS, « Structuration minimale »), and a type that is received."""
    return paper.type_code not in _NOT_TAKEN and paper.is_whole


def papers_of(folder: Path) -> list[Paper]:
    """Every CDA document of the folder and of its archives (IHE XDM, as a mail carries it), by name, whatever its
    character set; one that is not well formed too.
    """
    found = []
    for name, raw in _xml_files(folder):
        paper = Paper(name, name.split("/")[0] if "/" in name else folder.name, raw)
        plain = raw.replace(b"\0", b"")
        if b"ClinicalDocument" in plain and b"urn:hl7-org:v3" in plain and paper.is_one:
            found.append(paper)
    return found


def _xml_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix.lower() == ".xml" and path.is_file():
            yield name, path.read_bytes()
        elif path.is_file() and is_zipfile(path):
            with ZipFile(path) as archive:
                for entry in archive.infolist():
                    if entry.filename.lower().endswith(".xml") and entry.file_size <= _LARGEST:
                        yield f"{name}/{entry.filename}", archive.read(entry)
