"""What is attached to a message: one document in its forms, which a page can show, or a refusal that says why."""

import base64
import io
from xml.sax.saxutils import escape

import pytest
from PIL import Image

from simulators.hospital import documents
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, CLAIRE, PDF
from terresante.interop.hl7v2.tests.carrying import carried, oru, refusal, several, with_paper


def test_a_body_of_mail_is_no_document():
    body = "OBX|9|ED|CORPSMAIL_PS^Corps du mail^MetaDMPMSS||^text^^Base64^Q2hlcg==||||||F\r"

    assert carried(oru() + body.encode()).type_code == "11490-0"
    assert refusal(documents.oru((), CLAIRE, control_id="D1", at=AT) + body.encode()).condition == "101"


def test_what_is_attached_beside_a_document_and_not_kept_is_said():
    beside = b"OBX|9|ED|X^Photo^L||^image^JPEG^Base64^/9j/||||||F\r"

    assert "part-not-kept" in {each.code for each in carried(oru() + beside).warnings}
    assert "part-not-kept" not in {each.code for each in carried(oru()).warnings}
    assert refusal(documents.oru((), CLAIRE, control_id="D1", at=AT) + beside).condition == "101"


def repeated(raw, content):
    """A second document in a repetition of the field that holds the first."""
    other = b"~^TEXT^XML^Base64^" + base64.b64encode(content)
    return raw.replace(b"||||||F", other + b"||||||F", 1)


SEVERAL = {
    "two of level 3": several(letters.structured(), letters.structured(identifier="1.2.3.77")),
    "two of level 1": several(letters.whole(), letters.whole(identifier="1.2.3.77")),
    "a letter and the report of something else": several(
        letters.whole(identifier="1.2.3.77", code="34112-3"), letters.structured()
    ),
    "a letter and a paper of something else": with_paper(oru(), "11502-2"),
    "two papers": with_paper(with_paper(several(), "11490-0"), "11490-0", PDF + b"% other"),
}


def test_a_document_in_a_repetition_of_its_field_is_not_lost():
    found = refusal(repeated(oru(), letters.structured(identifier="1.2.3.77")))
    assert (found.location, "plusieurs documents" in found.sentence) == ("OBX^1^5", True)
    both = carried(repeated(oru(letters.whole(identifier="1.2.3.9")), letters.structured()))
    assert (both.cda.body.level, "second-form" in {each.code for each in both.warnings}) == (3, True)


@pytest.mark.parametrize("raw", SEVERAL.values(), ids=SEVERAL)
def test_a_message_that_carries_several_documents_is_refused_whole(raw):
    """One of them would be lost, and acknowledged."""
    found = refusal(raw)

    assert (found.code, found.location) == ("AE", "OBX^2^5")
    assert "plusieurs documents" in found.sentence


@pytest.mark.parametrize(
    "raw",
    [
        several(letters.whole(identifier="1.2.3.9"), letters.structured()),
        several(letters.structured(), letters.structured()),
        with_paper(oru(), "11490-0"),
    ],
    ids=["both levels", "sent twice", "with its paper"],
)
def test_the_forms_of_one_document_are_one_document(raw):
    said = carried(raw)

    assert said.cda.body.level == 3
    assert "second-form" in {each.code for each in said.warnings}


def bodied(media, text, *, encoded):
    """A document of level 1 whose body is this."""
    raw = letters.whole().decode()
    start, end = raw.index("<nonXMLBody>"), raw.index("</nonXMLBody>")
    told = ' representation="B64"' if encoded else ""
    content = base64.b64encode(text).decode() if encoded else escape(text.decode())
    return f'{raw[:start]}<nonXMLBody><text mediaType="{media}"{told}>{content}</text>{raw[end:]}'.encode()


def picture(form, *pages):
    out = io.BytesIO()
    drawn = [Image.new("1" if form == "TIFF" else "RGB", size) for size in pages or ((60, 40),)]
    more = {"save_all": True, "append_images": drawn[1:]} if form == "TIFF" else {}
    drawn[0].save(out, form, **more)
    return out.getvalue()


_AWAY = b'<reference value="lettre.pdf"/>'
NOT_SHOWN = {
    "of an office program": (bodied("application/msword", b"x", encoded=True), "convertissez-le en PDF"),
    "a page of the web": (bodied("text/html", b"<b>x</b>", encoded=True), "convertissez-le en PDF"),
    "a picture cut short": (bodied("image/jpeg", picture("JPEG")[:300], encoded=True), "ne s’ouvre pas"),
    "a picture that is none": (bodied("image/tiff", PDF, encoded=True), "ne s’ouvre pas"),
    "too many pages": (bodied("image/tiff", picture("TIFF", *[(8, 8)] * 61), encoded=True), "60 pages"),
    "no RTF": (bodied("text/rtf", PDF, encoded=True), "annoncé en RTF"),
    "nothing": (bodied("text/plain", b"", encoded=False), "est vide"),
    "a file that is elsewhere": (
        bodied("application/pdf", b"", encoded=False).replace(b"</text></nonXML", _AWAY + b"</text></nonXML"),
        "n’est pas joint",
    ),
}


@pytest.mark.parametrize(("raw", "sentence"), NOT_SHOWN.values(), ids=NOT_SHOWN)
def test_a_body_that_no_page_shows_is_refused_at_the_door(raw, sentence):
    found = refusal(oru(raw))

    assert (found.code, found.location) == ("AE", "OBX^1^5")
    assert sentence in found.sentence


@pytest.mark.parametrize(
    ("media", "content", "pages"),
    [
        ("image/jpeg", picture("JPEG"), 1),
        ("image/jpg", picture("JPEG"), 1),
        ("image/png", picture("PNG"), 1),
        ("image/tiff", picture("TIFF", (60, 40), (3000, 4000)), 2),
    ],
    ids=["JPEG", "its other name", "PNG", "TIFF"],
)
def test_a_scan_is_read_as_the_pages_of_a_paper(media, content, pages):
    said = carried(oru(bodied(media, content, encoded=True)))

    read = CdaReader().read(said.content)
    paper = CdaReader().paper(said.content)

    assert (read.has_paper, read.passages) == (True, ())
    assert paper.startswith(b"%PDF-") and paper.count(b"/Type /Page\n") == pages


@pytest.mark.parametrize("media", ["text/rtf", "application/rtf"])
def test_a_letter_in_rtf_is_read_in_its_words(media):
    text = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Fi\'e8vre < 39\par {\b <b>lundi</b>}\par}"
    said = carried(oru(bodied(media, text, encoded=True)))

    (passage,) = CdaReader().read(said.content).passages

    assert passage.html == "<p>Fièvre &lt; 39<br>&lt;b&gt;lundi&lt;/b&gt;</p>"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("Fièvre < 39 °C\nce matin.\n\nÀ revoir <b>lundi</b>.".encode(), False),
        ("Fièvre < 39 °C\r\nce matin.\r\n \r\nÀ revoir <b>lundi</b>.".encode("cp1252"), True),
    ],
    ids=["as it is", "encoded, in Latin"],
)
def test_a_body_of_text_is_shown_as_its_lines_stand(text, encoded):
    said = carried(oru(bodied("text/plain", text, encoded=encoded)))

    (passage,) = CdaReader().read(said.content).passages

    assert passage.html == ("<p>Fièvre &lt; 39 °C<br>ce matin.</p><p>À revoir &lt;b&gt;lundi&lt;/b&gt;.</p>")


def test_what_is_announced_as_a_pdf_and_is_none_is_said_to_be_so():
    for raw in (oru(letters.whole(pdf=b"Bonjour")), oru(letters.structured(pdf=b"Bonjour"))):
        found = refusal(raw)
        assert (found.location, "n’en est pas un" in found.sentence) == ("OBX^1^5", True)
        assert "ni un CDA" not in found.sentence


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_in_utf16_is_a_document(codec):
    words = letters.structured().decode().replace("UTF-8", "UTF-16", 1)

    assert carried(oru(words.encode(codec))).title == carried(oru()).title


def test_a_body_of_text_that_is_no_base64_is_refused():
    raw = bodied("text/plain", b"x", encoded=True).replace(b">eA==<", b">*<")

    assert "base64" in refusal(oru(raw)).sentence
