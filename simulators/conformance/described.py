"""Documents that a table describes (the test set of the DMP: one row, one document): a CDA that says what its row says,
and what must be filed of it. The table is read by hand, nothing of the platform's own reader.
"""

import csv
import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree  # our own checkout's files, given by who runs it

from PIL import Image

from simulators.conformance.reading import PARIS, Identity
from simulators.hospital.documents import Author, Letter, Passage, cda
from simulators.hospital.messages import Authority, Person
from simulators.region.model import Moment
from simulators.region.model import Paper as Printed
from simulators.region.papers import pdf

_NAME, _TYPES = "dmp_documents_metadata.csv", "JDV_J07_XdsTypeCode_CISIS.xml"
_MEDIA = "CDA : component/nonXMLBody/text/@mediaType"
_SVS = "{urn:ihe:iti:svs:2008}"
# Of a code that today's list no longer has, and whose label it has changed.
_RENAMED = {"24611-6": "85208-7", "29551-9": "57833-6"}
WORDS = "Phrase du corps"
_WRITER = Author("10000000017", "Paul", "MARTEL", "Hôpital des descriptions", "770000010")
WHO = Identity("DESCRIPTION", "CLAIRE", date(1950, 2, 3), "F", "77379")
PERSON = Person(
    ipp="D1",
    birth_name=WHO.birth_name,
    given=WHO.given_names,
    birth_date="1950-02-03",
    sex=WHO.sex,
    birth_place=WHO.birth_place,
    authority=Authority("CONFORMITE", "1.2.250.1.999.78"),
)


@dataclass(frozen=True)
class Described:
    """`expected_type`: the code of today's list (JDV_J07) for the one that the row gives."""

    identifier: str
    title: str
    type_code: str
    expected_type: str
    written_at: datetime
    media: str
    is_masked: bool
    is_hidden: bool

    @property
    def is_words(self) -> bool:
        """Shown as sentences, not as the pages of a paper."""
        return self.media not in ("application/pdf", "image/tiff", "image/jpeg")

    @property
    def told(self) -> dict[str, str]:
        return {
            "MASQUE_PS": "Y" if self.is_masked else "N",
            "INVISIBLE_PATIENT": "Y" if self.is_hidden else "N",
        }

    @property
    def document(self) -> bytes:
        sentence = f"{WORDS} {self.identifier}"
        made = _BODIES.get(self.media)
        passages = () if made else (Passage("55112-7", "Conclusion", f"<paragraph>{sentence}</paragraph>"),)
        return cda(
            Letter(
                identifier=self.identifier,
                person=PERSON,
                author=_WRITER,
                at=self.written_at,
                code=self.type_code,
                title=self.title,
                passages=passages,
                pdf=made(sentence) if made else b"",
                media_type=self.media,
            )
        )


def described_in(folder: Path) -> list[Described]:
    """Every row of the table, when the folder holds it."""
    paths = sorted(folder.rglob(_NAME))
    if not paths:
        return []
    labels = _labels(folder if folder.name != "dmp_documents_meta" else folder.parent)
    with paths[0].open(encoding="utf-8-sig", newline="") as lines:
        return [_described(row, labels) for row in csv.DictReader(lines) if row["uniqueId"].strip()]


def _described(row: dict[str, str], labels: dict[str, str]) -> Described:
    code = row["typeCode"].strip()
    known = code in labels.values() or not labels
    expected = code if known else _RENAMED.get(code) or labels.get(_plain(row["typeDisplayName"]), code)
    kept = row["confidentialityCode (pour masquage/invisibilité)"].strip()
    return Described(
        identifier=row["uniqueId"].strip(),
        title=" ".join(row["title"].split()),
        type_code=code,
        expected_type=expected,
        written_at=datetime.strptime(row["creationTime"].strip(), "%Y%m%d%H%M%S").replace(tzinfo=PARIS),
        media=row[_MEDIA].strip(),
        is_masked=kept == "MASQUE_PS",
        is_hidden=kept == "INVISIBLE_PATIENT",
    )


def _labels(folder: Path) -> dict[str, str]:
    """Label to code, of the published list of types."""
    path = next(iter(sorted(folder.rglob(_TYPES))), None)
    if path is None:
        return {}
    concepts = ElementTree.parse(path).getroot().iter(f"{_SVS}Concept")  # noqa: S314 -- read by who runs it
    return {_plain(each.get("displayName", "")): each.get("code", "") for each in concepts}


def _plain(label: str) -> str:
    spread = unicodedata.normalize("NFKD", html.unescape(label)).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", " ", spread.lower()).strip()


def _paper(sentence: str) -> bytes:
    at = Moment(days=0, hour=8, minute=0)
    return pdf(
        Printed(at=at, author="", type="", title="Document", text=sentence, letterhead=(), signature="")
    )


def _rtf(sentence: str) -> bytes:
    return rf"{{\rtf1\ansi\ansicpg1252{{\fonttbl{{\f0 Arial;}}}}\f0\b {sentence}\b0\par}}".encode("cp1252")


def _picture(form: str) -> Callable[[str], bytes]:
    def made(sentence: str) -> bytes:
        out = BytesIO()
        # Of its own: no two documents have the same bytes.
        Image.new("L", (120 + len(sentence), 80), 200).save(out, form)
        return out.getvalue()

    return made


_BODIES: dict[str, Callable[[str], bytes]] = {
    "application/pdf": _paper,
    "text/plain": str.encode,
    "text/rtf": _rtf,
    "image/tiff": _picture("TIFF"),
    "image/jpeg": _picture("JPEG"),
}
