"""The body of a CDA R2 document: one file (level 1), or sections with their narrative (level 3)."""

from collections.abc import Iterator

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

_PDF, _TEXT = "application/pdf", "text/plain"
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
    """At a door. Raises NotCda for a body that no page could show: an image, a document of an office program."""
    if body.whole is not None:
        if body.whole.media_type not in (_PDF, _TEXT):
            raise NotCda(Flaw.BODY_TYPE)
        content_of(body.whole)


def text_of(body: Body) -> str:
    """Of a body of level 1 that is text; '' for another. Latin, when it is not UTF-8. Raises NotCda."""
    if body.whole is None or body.whole.media_type != _TEXT:
        return ""
    content = content_of(body.whole)
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
    return Attachment(media_type=said or guessed, encoded=encoded, is_base64=is_base64)
