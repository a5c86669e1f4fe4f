"""The documents that a message carries (OBX-5), in one form or several; one that no page could show is refused."""

from dataclasses import dataclass
from io import BytesIO

from terresante.interop.cda.body import check_whole, content_of, paper_of, read_cda
from terresante.interop.cda.model import CdaDocument
from terresante.interop.cda.parsing import Flaw, NotCda, decoded
from terresante.interop.hl7v2.er7 import Message, Repetition, Segment
from terresante.interop.hl7v2.grammar import Refusal, wrong_value
from terresante.kernel.files import pdf

_PDF_START = b"%PDF-"
# OBX-5.3.
_KEPT = ("XML", "PDF")
_DUMMY = (
    "La pièce jointe (OBX-5) n’est ni un CDA ni un PDF : "
    "joignez le document lui-même, encodé en base64, et dites XML ou PDF dans OBX-5.3."
)
_SEVERAL = (
    "Le message porte plusieurs documents (OBX-5), or un message n’en porte qu’un, sous une ou plusieurs formes : "
    "envoyez-les un par un."
)


@dataclass(frozen=True, slots=True)
class Attached:
    segment: Segment
    place: str
    content: bytes
    cda: CdaDocument | None

    @property
    def level(self) -> int:
        return self.cda.body.level if self.cda else 0

    @property
    def is_structured(self) -> bool:
        return self.level > 1

    @property
    def type_code(self) -> str:
        return self.cda.header.type.code if self.cda else self.segment.value(3)


def read_attached(message: Message) -> list[Attached] | Refusal:
    found: list[Attached] = []
    for number, segment in enumerate(message.segments("OBX"), start=1):
        # A document may stand in each repetition of the field.
        for part in segment.repetitions(5) if segment.value(2) == "ED" else ():
            if part.value(3).upper() not in _KEPT:
                continue
            payload = _attached(segment, part, f"OBX^{number}^5")
            if isinstance(payload, Refusal):
                return payload
            if found and not _is_same_document(found[0], payload):
                return wrong_value(payload.place, _SEVERAL)
            found.append(payload)
    return found


def is_left_out(segment: Segment) -> bool:
    """Neither what is filed, nor the words of a mail, which say no subtype (CORPSMAIL_PS, XDM/1.0/DDM)."""
    if segment.value(2) != "ED" or segment.value(3).startswith("CORPSMAIL"):
        return False
    kinds = (part.value(3).upper() for part in segment.repetitions(5))
    return any(kind and kind not in _KEPT for kind in kinds)


def _is_same_document(one: Attached, other: Attached) -> bool:
    """Sent twice, or in another form (level 1 and level 3, a paper) of one type. Two of one form are two documents."""
    if one.cda is None and other.cda is None:
        return one.content == other.content
    if one.cda and other.cda and one.cda.header.identifier == other.cda.header.identifier:
        return True
    return one.level != other.level and one.type_code == other.type_code


def _attached(segment: Segment, part: Repetition, place: str) -> Attached | Refusal:
    if part.value(4).lower() != "base64":
        return wrong_value(place, "Le document (OBX-5.5) doit être encodé en base64, et OBX-5.4 le dire.")
    try:
        content = decoded(part.value(5))
        if part.value(3).upper() == "PDF" or content.startswith(_PDF_START):
            return _paper_refusal(content, place) or Attached(segment, place, content, None)
        # Its blanks, and the marks and zeros of UTF-16.
        if not content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
            return wrong_value(place, _DUMMY)
        cda = read_cda(content)
        check_whole(cda.body)
        paper = paper_of(cda.body)
        if paper is not None and not content_of(paper).startswith(_PDF_START):
            raise NotCda(Flaw.NOT_PDF)
        refused = _paper_refusal(content_of(paper), place) if paper else None
        return refused or Attached(segment, place, content, cda)
    except NotCda as flaw:
        return wrong_value(place, flaw.sentence)


def _paper_refusal(content: bytes, place: str) -> Refusal | None:
    if not content.startswith(_PDF_START):
        return wrong_value(place, _DUMMY)
    why = pdf.why_refused(BytesIO(content))
    return wrong_value(place, why) if why else None
