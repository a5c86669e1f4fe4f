"""Messages that carry documents, whole and damaged: read, or refused with a reason; never a crash, nothing slow."""

import base64
import io
import random
import re
import time
import zlib
from collections import Counter
from xml.sax.saxutils import escape

import pytest
from PIL import Image

from simulators.hospital import documents
from simulators.laboratory.reports import Order, ordered
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, CLAIRE, PDF
from terresante.interop.hl7v2.carried import Act, read_carried
from terresante.interop.hl7v2.er7 import Message
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import CONDITIONS, Code, Refusal
from terresante.results.tests.factories import blood, sugar

_SECONDS = 2.0  # of the processor, which a loaded machine gives to others too
WHOLE = letters.structured()
WRONG = (
    b"<!DOCTYPE a [<!ENTITY a 'aa'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>",
    # A PDF whose objects inflate to far more than they weigh.
    b"%%PDF-1.5\n1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n%s\nendstream\n%%%%EOF"
    % zlib.compress(b"\0" * (8 << 20)),
    b"Document medical au format CDA niveau 1",
    b"",
)


def oru(*contents, **changes):
    return documents.oru(contents or (letters.structured(),), CLAIRE, control_id="D1", at=AT, **changes)


def mdm(event="T02", content=None, **changes):
    raw = letters.structured() if content is None else content
    return documents.mdm(event, raw, CLAIRE, control_id="D1", at=AT, **changes)


def carried(raw):
    found = examine(raw)
    assert isinstance(found, Message), found
    said = read_carried(found)
    assert not isinstance(said, Refusal)
    return said


def refusal(raw):
    found = examine(raw)
    assert isinstance(found, Refusal)
    return found


def test_the_document_says_what_it_is():
    said = carried(oru(code="11490-0"))

    assert (said.act, said.type_code, said.title) == (Act.NEW, "11490-0", "Lettre de liaison")
    assert (said.names, said.replaces, said.dated_at) == (("1.2.250.1.999.9.1",), (), AT)
    assert said.author == "Dr Paul MARTEL, Hôpital Saint-Martin"
    assert said.addressed_to == ("10000000025",)
    assert [(each.value, each.authority.key) for each in said.local_ids] == [("P1", "1.2.250.1.999.1")]


@pytest.mark.parametrize(
    ("raw", "act"),
    [
        (oru(), Act.NEW),
        (oru(status="C"), Act.REPLACE),
        (oru(status="D"), Act.DELETE),
        (oru(letters.structured(replaces="1.2.3")), Act.REPLACE),
        (mdm(), Act.NEW),
        (mdm("T10"), Act.REPLACE),
        (mdm("T04"), Act.DELETE),
    ],
)
def test_the_message_says_what_becomes_of_it(raw, act):
    assert carried(raw).act is act


def test_the_message_names_recipients_of_its_own():
    prt = "PRT||UC||RCT^^participation|810000000033^Hoda^Adam^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO\r"

    assert carried(oru() + prt.encode()).addressed_to == ("10000000025", "10000000033")


def test_a_body_of_mail_is_no_document():
    body = "OBX|9|ED|CORPSMAIL_PS^Corps du mail^MetaDMPMSS||^text^^Base64^Q2hlcg==||||||F\r"

    assert carried(oru() + body.encode()).type_code == "11490-0"
    assert refusal(documents.oru((), CLAIRE, control_id="D1", at=AT) + body.encode()).condition == "101"


def test_what_is_attached_beside_a_document_and_not_kept_is_said():
    beside = b"OBX|9|ED|X^Photo^L||^image^JPEG^Base64^/9j/||||||F\r"

    assert "part-not-kept" in {each.code for each in carried(oru() + beside).warnings}
    assert "part-not-kept" not in {each.code for each in carried(oru()).warnings}
    assert refusal(documents.oru((), CLAIRE, control_id="D1", at=AT) + beside).condition == "101"


def with_paper(raw, code, content=PDF):
    encoded = base64.b64encode(content).decode()
    return raw + f"OBX|7|ED|{code}^x^LN||^application^PDF^Base64^{encoded}||||||F\r".encode()


def several(*contents):
    return documents.oru(contents, CLAIRE, control_id="D1", at=AT)


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


def test_a_staying_patient_has_a_visit_number():
    found = refusal(oru().replace(b"PV1|1|N", b"PV1|1|I"))

    assert (found.condition, found.location) == ("101", "PV1^1^19")


def test_a_date_before_any_document_is_a_mistake():
    found = refusal(
        oru(letters.structured().replace(b'<effectiveTime value="2026', b'<effectiveTime value="1850', 1))
    )

    assert (found.code, found.location) == ("AE", "OBX^1^5")


def test_a_message_about_two_persons_is_refused_whole():
    """The results of the second would be filed for the first."""
    first = oru().split(b"\r")[1]
    other = first.replace(b"ESSAI", b"AUTRE").replace(b"P1^", b"P2^")

    found = refusal(oru() + other + b"\rOBX|9|NM|718-7^Hb^LN||98|g/L|||||F\r")

    assert (found.code, found.location) == ("AE", "PID^2")
    assert carried(oru() + first + b"\r").act is Act.NEW
    assert "plusieurs patients" in refusal(oru(_two_persons(letters.structured()))).sentence


def _two_persons(raw):
    start, end = raw.index(b"<recordTarget>"), raw.index(b"</recordTarget>") + len(b"</recordTarget>")
    return raw[:end] + raw[start:end].replace(b"ESSAI", b"AUTRE") + raw[end:]


def test_of_a_paper_the_message_says_who_wrote_it_and_when():
    xcn = b"810000000017^MARTEL^Paul^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    by_mdm = mdm(content=PDF, subtype="PDF", identifier="1.2.3").replace(
        b"||||||||1.2.3|", b"|||||%s|||1.2.3|" % xcn
    )
    written = with_paper(several(), "11502-2").replace(b"||||||F\r", b"||||||F|||20260310101500\r")
    by_oru = re.sub(rb"OBR[^\r]*", lambda obr: obr[0] + b"|" * 25 + b"7&MARTEL&Paul", written, count=1)

    assert (carried(by_mdm).author, carried(by_mdm).dated_at) == ("Dr Paul MARTEL", AT)
    assert carried(by_oru).author == "Paul MARTEL"
    assert carried(by_oru).dated_at.isoformat() == "2026-03-10T10:15:00+01:00"


def test_results_beside_a_paper_come_with_it_and_not_with_a_structured_report():
    beside = b"OBX|8|NM|718-7^Hb^LN||98|g/L|120-160|L|||F\r"

    paper = carried(with_paper(several(), "11502-2") + beside)
    flat = carried(oru(letters.whole(code="11502-2")) + beside)
    structured = carried(oru(letters.structured(code="11502-2")) + beside)

    assert [len(order.report.results) for each in (paper, flat) for order in each.discrete] == [1, 1]
    assert (paper.content, structured.discrete) == (PDF, ())


SECRET = b'<section><confidentialityCode code="V" codeSystem="2.16.840.1.113883.5.25"/>'


def filled(raw, segment, number, value):
    """The message, with this in that field of its first segment of that name."""
    lines = raw.split(b"\r")
    place = next(index for index, line in enumerate(lines) if line.startswith(segment))
    fields = lines[place].split(b"|")
    fields += [b""] * (number + 1 - len(fields))
    fields[number] = value
    return b"\r".join([*lines[:place], b"|".join(fields), *lines[place + 1 :]])


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (oru(letters.structured(confidentiality="INVISIBLE_PATIENT")), (False, True, False)),
        (oru(letters.structured(confidentiality="MASQUE_PS")), (True, False, False)),
        (oru(letters.structured(confidentiality="INVISIBLE_REPRESENTANTS_LEGAUX")), (False, False, True)),
        (oru(told={"INVISIBLE_PATIENT": "N"}), (False, False, False)),
        (oru(letters.structured().replace(b"<section>", SECRET, 1)), (True, False, False)),
        (filled(mdm(), b"TXA", 18, b"R"), (True, False, False)),
        (filled(mdm(), b"TXA", 18, b"U"), (False, False, False)),
        (filled(oru(), b"ORC", 28, b"PSY^Psychiatrie^HL70177"), (True, False, False)),
    ],
)
def test_a_level_of_visibility_holds_wherever_it_is_said(raw, seen):
    found = carried(raw).visibility

    assert (
        found.is_masked,
        found.is_hidden_from_patient,
        found.is_hidden_from_representatives,
    ) == seen


def test_a_former_code_is_filed_under_that_of_today_and_a_narrow_one_is_refused():
    assert carried(oru(letters.structured(code="11528-7"))).type_code == "18748-4"
    found = refusal(oru(letters.structured(code="68599-0")))
    assert (found.condition, found.location) == ("103", "OBX^1^5")
    assert "Ne l’envoyez pas sous un autre type" in found.sentence


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("EXPORT_DUI", "s’adresse à un logiciel"),
        ("99999-9", "choisissez-en un de JDV_J07"),
        ("68599-0", "lecteurs"),
    ],
)
def test_a_type_that_is_not_received_is_told_why(code, told):
    """One of JDV_J07 is not asked to be of JDV_J07."""
    found = refusal(oru(letters.structured(code=code)))

    assert (found.condition, told in found.sentence) == ("103", True)


def test_two_matricules_are_two_persons():
    other = oru().replace(b"250027737900187^^^ASIP", b"250027737900284^^^ASIP")

    assert refusal(other).location == "PID^1^3"


def _bits(raw, chance):
    damaged = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _cut(raw, chance):
    return raw[: chance.randrange(1, len(raw))]


def _segment_twice(raw, chance):
    lines = raw.split(b"\r")
    line = chance.choice(lines)
    return b"\r".join([*lines[:-1], line, b""])


def _without_segment(raw, chance):
    lines = raw.split(b"\r")
    lines.pop(chance.randrange(len(lines)))
    return b"\r".join(lines)


def _field_emptied(raw, chance):
    place = chance.choice([found.start() for found in re.finditer(rb"\|", raw)])
    return raw[: place + 1] + b"|".join(raw[place + 1 :].split(b"|")[1:])


def _payload(raw, chance):
    """Another content, rightly encoded: what a sender's software may put there by mistake, or on purpose."""
    content = chance.choice(
        [
            *WRONG,
            b"<a>" * chance.choice([5, 500, 50_000]),
            PDF[: chance.randrange(4, len(PDF))],
            chance.randbytes(300),
            WHOLE[: chance.randrange(2000)],
        ]
    )
    return re.sub(rb"Base64\^[A-Za-z0-9+/=]*", b"Base64^" + base64.b64encode(content), raw, count=1)


def _base64(raw, chance):
    start = raw.find(b"Base64^") + 7 + chance.randrange(200)
    return raw[:start] + chance.choice([b"*", b"=", b"\xe9", b" ", b"~"]) + raw[start + 1 :]


MUTATIONS = (_bits, _cut, _segment_twice, _without_segment, _field_emptied, _payload, _base64)
SOURCES = (
    oru(),
    oru(letters.whole(identifier="1.2.3.9"), letters.structured()),
    oru(status="C", told={"MASQUE_PS": "Y"}),
    mdm("T10", replaces="1.2.3"),
    mdm("T04", b"", subtype="", identifier="1.2.3"),
    mdm(content=PDF, subtype="PDF", identifier="1.2.3"),
    ordered(
        CLAIRE,
        control_id="D1",
        at=AT,
        orders=(Order(number="R1", chapter=blood()), Order(number="R2", chapter=sugar(), status="C")),
    ),
)


def play(count, seed):
    chance = random.Random(seed)  # a reproducible damage
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(count):
        raw = chance.choice(SOURCES)
        for _ in range(chance.choice((1, 1, 2))):
            raw = MUTATIONS[number % len(MUTATIONS)](raw, chance) or b"\r"
        started = time.process_time()
        outcomes[outcome_of(raw)] += 1
        slowest = max(slowest, time.process_time() - started)
    assert slowest < _SECONDS
    return outcomes


def outcome_of(raw):
    found = examine(raw)
    if isinstance(found, Refusal):
        assert found.code in (Code.ERROR, Code.REJECTED) and found.condition in CONDITIONS and found.sentence
        return f"{found.code} {found.condition}"
    header = found.segment("MSH")
    if header is None or header.value(9) not in ("ORU", "MDM"):
        return "AA, no document"
    said = read_carried(found)
    assert not isinstance(said, Refusal)
    assert said.local_ids and said.names and said.type_code
    return f"AA {said.act.value}" if said.content or not said.discrete else f"AA {len(said.discrete)} orders"


def test_a_damaged_message_is_read_or_refused_with_its_reason(record_property):
    outcomes = play(1000, "seed")
    record_property("damaged", f"1000 messages : {dict(outcomes.most_common())}")

    assert {"AA new", "AA replace", "AA delete", "AA 2 orders", "AE 102", "AE 101", "AR 100"} <= set(outcomes)


@pytest.mark.long
def test_twenty_thousand_damaged_messages_are_read_or_refused(record_property):
    outcomes = play(20_000, "long seed")
    record_property("damaged", f"20000 messages : {dict(outcomes.most_common())}")

    assert {"AE 100", "AE 103", "AR 200", "AR 201"} <= set(outcomes)
