"""The body of a CDA R2 document: one file (level 1), or sections with their narrative (level 3)."""

from collections.abc import Iterator

from terresante.interop.cda import rtf
from terresante.interop.cda.header import coded, read_header
from terresante.interop.cda.model import COPY_SECTION, Attachment, Body, CdaDocument, Section
from terresante.interop.cda.parsing import (
    Element,
    Flaw,
    NotCda,
    attribute,
    decoded,
    every,
    local_name,
    one,
    parse,
    text_at,
)
from terresante.kernel.errors import Invalid
from terresante.kernel.files.pictures import check_scan

_PDF, _TEXT, _RTF = "application/pdf", "text/plain", "text/rtf"
_PICTURES = ("image/jpeg", "image/png", "image/tiff")
# The CI-SIS's bodies of level 1 (IHE XDS-SD, and its French extension), and PNG.
_SHOWN = (_PDF, _TEXT, _RTF, *_PICTURES)
_SAME_AS = {
    "application/rtf": _RTF,
    "text/richtext": _RTF,
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/tif": "image/tiff",
    "application/x-pdf": _PDF,
}
# "%PDF-", once in base64.
_PDF_ENCODED = "JVBERi"


def read_cda(raw: bytes) -> CdaDocument:
    """Raises NotCda, of which the sentence says what the sender must change."""
    element = parse(raw)
    return CdaDocument(read_header(element), read_body(element), element)


def read_body(document: Element) -> Body:
    whole = one(document, "component/nonXMLBody/text")
    if whole is not None:
        return Body(whole=_attachment(whole))
    structured = one(document, "component/structuredBody")
    if structured is None:
        raise NotCda(Flaw.NO_BODY)
    return Body(sections=tuple(_section(each) for each in every(structured, "component/section")))


def content_of(attachment: Attachment) -> bytes:
    """Raises NotCda for what is no base64."""
    return decoded(attachment.encoded) if attachment.is_base64 else attachment.encoded.encode()


def check_whole(body: Body) -> None:
    """At a door. Raises NotCda for a body that no page could show: nothing, a document of an office program, an image
    that does not open.
    """
    if body.whole is None:
        return
    if body.whole.media_type not in _SHOWN:
        raise NotCda(Flaw.BODY_TYPE)
    content = content_of(body.whole)
    if not content.strip():
        raise NotCda(Flaw.BODY_EMPTY)
    if body.whole.media_type == _RTF and not content.lstrip().startswith(rtf.START):
        raise NotCda(Flaw.BODY_RTF)
    if body.whole.media_type in _PICTURES:
        try:
            check_scan(content)
        except Invalid as refused:
            raise NotCda(Flaw.BODY_PICTURE) from refused


def text_of(body: Body) -> str:
    """Of a body of level 1 that is text, plain or RTF; '' for another. Latin, when it is not UTF-8. Raises NotCda."""
    if body.whole is None or body.whole.media_type not in (_TEXT, _RTF):
        return ""
    content = content_of(body.whole)
    if body.whole.media_type == _RTF:
        return rtf.text_of_rtf(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def all_sections(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from all_sections(section.sections)


def paper_of(body: Body) -> Attachment | None:
    """The PDF that shows the whole document: the body of level 1, else the copy in section 55108-5."""
    if body.whole is not None:
        return body.whole if body.whole.media_type == _PDF else None
    copies = (
        attachment
        for section in all_sections(body.sections)
        if section.code.code == COPY_SECTION
        for attachment in section.attachments
        if attachment.media_type == _PDF
    )
    return next(copies, None)


def picture_of(body: Body) -> Attachment | None:
    """The image that a body of level 1 is: a scan, a photograph."""
    whole = body.whole
    return whole if whole is not None and whole.media_type in _PICTURES else None


def _section(element: Element) -> Section:
    return Section(
        code=coded(one(element, "code")),
        title=text_at(element, "title"),
        narrative=one(element, "text"),
        sections=tuple(_section(each) for each in every(element, "component/section")),
        attachments=tuple(_media(element)),
        entries=tuple(every(element, "entry")),
    )


def _media(section: Element) -> Iterator[Attachment]:
    """Of this section, not of those inside it."""
    for entry in every(section, "entry"):
        for each in entry.iter():
            if local_name(each) == "observationMedia":
                value = one(each, "value")
                if value is not None:
                    yield _attachment(value)


def _attachment(element: Element) -> Attachment:
    """Without a type it is text (CDA, ED), unless it plainly is a PDF."""
    encoded = "".join(element.itertext())
    is_base64 = attribute(element, "", "representation").upper() == "B64"
    said = attribute(element, "", "mediaType").lower().partition(";")[0].strip()
    guessed = _PDF if is_base64 and encoded.lstrip().startswith(_PDF_ENCODED) else _TEXT
    return Attachment(media_type=_SAME_AS.get(said, said) or guessed, encoded=encoded, is_base64=is_base64)
