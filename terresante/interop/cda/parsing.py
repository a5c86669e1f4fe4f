"""From bytes to the element ClinicalDocument (CDA R2), wherever it stands in them.

Nothing is ever resolved, fetched or run: no DTD, no entity, no stylesheet; what is read is bounded in size, depth and
number of elements before a tree of it can fill the memory.
"""

import binascii
import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from lxml import etree
from lxml.etree import _Element

Element: TypeAlias = _Element
NAMESPACE = "urn:hl7-org:v3"
NS = {"c": NAMESPACE}
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# In bytes. libxml2 itself takes no text node beyond 10 MB: an embedded PDF is then of 7.5 MB at most.
LARGEST = 25 * 1000 * 1000
MOST_ELEMENTS = 200_000
DEEPEST = 100
# libxml2's own, of a text node.
_LONGEST_TEXT = 10 * 1000 * 1000
_RESOURCE_LIMIT = etree.ErrorTypes.ERR_RESOURCE_LIMIT
_STEP = 1 << 16
# Pieces of a text looked at, when a reference may name the whole document.
_PIECES = 2000
_ROOT = f"{{{NAMESPACE}}}ClinicalDocument"
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n]+")


class Flaw(StrEnum):
    """Why bytes are no CDA that can be filed."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    DOCTYPE = "doctype"
    MALFORMED = "malformed"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    NO_DOCUMENT = "no_document"
    SEVERAL_DOCUMENTS = "several_documents"
    NO_IDENTIFIER = "no_identifier"
    NO_TYPE = "no_type"
    NO_DATE = "no_date"
    NO_PATIENT = "no_patient"
    SEVERAL_PATIENTS = "several_patients"
    NO_BODY = "no_body"
    BASE64 = "base64"
    BODY_TYPE = "body_type"
    BODY_EMPTY = "body_empty"
    BODY_RTF = "body_rtf"
    BODY_PICTURE = "body_picture"
    NOT_PDF = "not_pdf"


_SENTENCES = {
    Flaw.EMPTY: "Le document est vide : joignez un CDA R2.",
    Flaw.TOO_LARGE: "Le document CDA dépasse 25 Mo : allégez les pièces qu’il contient.",
    Flaw.DOCTYPE: "Le document CDA déclare une DTD ou une entité : retirez-la, un CDA n’en a pas.",
    Flaw.MALFORMED: "Le document n’est pas du XML bien formé.",
    Flaw.TOO_DEEP: f"Le document CDA imbrique plus de {DEEPEST} éléments : il n’est pas lu.",
    Flaw.TOO_MANY: f"Le document CDA compte plus de {MOST_ELEMENTS} éléments : il n’est pas lu.",
    Flaw.TOO_LONG: "Une pièce du document CDA dépasse 7,5 Mo : allégez-la, puis renvoyez le document.",
    Flaw.NO_DOCUMENT: "Le XML ne contient aucun élément ClinicalDocument (urn:hl7-org:v3) : ce n’est pas un CDA R2.",
    Flaw.SEVERAL_DOCUMENTS: "Le XML contient plusieurs ClinicalDocument : envoyez-les un par un.",
    Flaw.NO_IDENTIFIER: "L’identifiant du document (ClinicalDocument/id) manque.",
    Flaw.NO_TYPE: "Le type du document (ClinicalDocument/code) manque.",
    Flaw.NO_DATE: "La date du document (ClinicalDocument/effectiveTime) manque ou est illisible.",
    Flaw.NO_PATIENT: "Le document ne dit pas de quel patient il parle (recordTarget/patientRole/id et patient).",
    Flaw.SEVERAL_PATIENTS: "Le document parle de plusieurs patients (recordTarget) : envoyez-en un pour chacun.",
    Flaw.NO_BODY: "Le document n’a ni corps structuré (structuredBody), ni corps non structuré (nonXMLBody).",
    Flaw.BODY_TYPE: (
        "Le corps du document (nonXMLBody) n’est ni un PDF, ni du texte (brut, RTF), ni une image JPEG, PNG ou TIFF : "
        "convertissez-le en PDF, puis renvoyez-le."
    ),
    Flaw.BODY_EMPTY: (
        "Le corps du document (nonXMLBody) est vide, ou renvoie à un fichier qui n’est pas joint : "
        "placez le contenu lui-même dans text, en base64."
    ),
    Flaw.BODY_RTF: "Le corps du document (nonXMLBody) est annoncé en RTF et n’en est pas : corrigez mediaType.",
    Flaw.BODY_PICTURE: (
        "L’image du corps (nonXMLBody) ne s’ouvre pas, n’est ni JPEG, ni PNG, ni TIFF, ou dépasse 60 pages ou "
        "60 millions de points : convertissez-la en PDF, puis renvoyez-la."
    ),
    Flaw.NOT_PDF: (
        "Le PDF du document (nonXMLBody, ou section 55108-5 « Copie du document ») n’en est pas un : "
        "joignez le fichier lui-même, en base64, ou corrigez mediaType."
    ),
    Flaw.BASE64: "Une pièce jointe du document n’est pas du base64 lisible.",
}


class NotCda(Exception):
    """The sentence says nothing of what the document holds."""

    def __init__(self, flaw: Flaw, where: str = "") -> None:
        self.flaw = flaw
        self.sentence = _SENTENCES[flaw].removesuffix(".") + (f" ({where})." if where else ".")
        super().__init__(flaw.value)


def parse(raw: bytes) -> Element:
    """The one ClinicalDocument. Raises NotCda."""
    if not raw.strip():
        raise NotCda(Flaw.EMPTY)
    if len(raw) > LARGEST:
        raise NotCda(Flaw.TOO_LARGE)
    if _DOCTYPE.search(raw):
        raise NotCda(Flaw.DOCTYPE)
    root = _bounded_tree(raw)
    # In UTF-16 or UTF-32, the search above finds nothing.
    if root.getroottree().docinfo.internalDTD is not None or root.getroottree().docinfo.doctype:
        raise NotCda(Flaw.DOCTYPE)
    found = list(root.iter(_ROOT))
    if not found:
        raise NotCda(Flaw.NO_DOCUMENT)
    if len(found) > 1:
        raise NotCda(Flaw.SEVERAL_DOCUMENTS)
    return found[0]


def _bounded_tree(raw: bytes) -> Element:
    reading = etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    size = _Size()
    try:
        for piece in _pieces(raw):
            reading.feed(piece)
            size.grow(reading)
        return reading.close()
    except etree.XMLSyntaxError as error:
        # libxml2 itself stops at a depth of 256, and keeps what it saw before.
        size.grow(reading)
        if error.code == _RESOURCE_LIMIT and len(raw) > _LONGEST_TEXT:
            raise NotCda(Flaw.TOO_LONG) from None
        # Its message may quote the content: the line is enough to find the fault.
        raise NotCda(Flaw.MALFORMED, f"ligne {error.lineno}" if error.lineno else "") from None


class _Size:
    """Of a tree while it is read."""

    def __init__(self) -> None:
        self._depth = self._count = 0

    def grow(self, reading: "etree.XMLPullParser[Element]") -> None:
        """Raises NotCda."""
        for event, _ in reading.read_events():
            self._depth += 1 if event == "start" else -1
            self._count += event == "start"
            if self._depth > DEEPEST:
                raise NotCda(Flaw.TOO_DEEP)
        if self._count > MOST_ELEMENTS:
            raise NotCda(Flaw.TOO_MANY)


def _pieces(raw: bytes) -> Iterator[bytes]:
    return (raw[start : start + _STEP] for start in range(0, len(raw), _STEP))


def one(element: Element, path: str) -> Element | None:
    """`path` is of local names of CDA: "recordTarget/patientRole"."""
    return element.find("/".join(f"c:{name}" for name in path.split("/")), NS)


def every(element: Element, path: str) -> list[Element]:
    return element.findall("/".join(f"c:{name}" for name in path.split("/")), NS)


def type_of(value: Element | None) -> str:
    """The data type that an xsi:type names, without its prefix; '' when it names none."""
    return "" if value is None else (value.get(XSI_TYPE) or "").strip().rpartition(":")[2]


def attribute(element: Element | None, path: str, name: str) -> str:
    """Of the first element at `path`; '' when there is none, or when its nullFlavor says that nobody knows."""
    found = element if element is None or not path else one(element, path)
    if found is None or found.get("nullFlavor"):
        return ""
    return (found.get(name) or "").strip()


def text_at(element: Element | None, path: str) -> str:
    found = None if element is None else one(element, path)
    return plain_text(found)


def plain_text(element: Element | None) -> str:
    """All the text below, on one line."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def first_words(element: Element | None, most: int, *, between: str = "") -> str:
    """The text below, on one line of `most` letters at most: what may be said again wherever something refers to it."""
    if element is None:
        return ""
    pieces: list[str] = []
    size = 0
    for piece in islice(element.itertext(), _PIECES):
        pieces.append(piece)
        size += len(piece)
        if size > 4 * most:
            break
    said = " ".join(between.join(pieces).split())
    return said if len(said) <= most else f"{said[: most - 1]}…"


def local_name(element: Element) -> str:
    """'' outside CDA's namespace: an extension says nothing here."""
    tag = element.tag
    prefix = f"{{{NAMESPACE}}}"
    return tag.removeprefix(prefix) if isinstance(tag, str) and tag.startswith(prefix) else ""


def decoded(text: str) -> bytes:
    """Base64, with blanks anywhere and its padding or not. Raises NotCda."""
    compact = _BLANKS.sub("", text).rstrip("=")
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise NotCda(Flaw.BASE64) from None


def identified(document: Element) -> dict[str, Element]:
    """What references of the document name, the first of two that bear one name."""
    found: dict[str, Element] = {}
    for each in document.iter():
        name = each.get("ID") if isinstance(each.tag, str) else None
        if name:
            found.setdefault(name, each)
    return found
