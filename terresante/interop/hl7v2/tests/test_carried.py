"""Messages that carry documents, whole and damaged: read, or refused with a reason; never a crash, nothing slow."""

import base64
import random
import re
import time
import zlib
from collections import Counter
from xml.sax.saxutils import escape

import pytest

from simulators.hospital import documents
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, CLAIRE, PDF
from terresante.interop.hl7v2.carried import Act, read_carried
from terresante.interop.hl7v2.er7 import Message
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import CONDITIONS, Code, Refusal

_SECONDS = 2.0
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


def with_paper(raw, code, content=PDF):
    encoded = base64.b64encode(content).decode()
    return raw + f"OBX|7|ED|{code}^x^LN||^application^PDF^Base64^{encoded}||||||F\r".encode()


def several(*contents):
    return documents.oru(contents, CLAIRE, control_id="D1", at=AT)


SEVERAL = {
    "two of level 3": several(letters.structured(), letters.structured(identifier="1.2.3.77")),
    "two of level 1": several(letters.whole(), letters.whole(identifier="1.2.3.77")),
    "a letter and the report of something else": several(
        letters.whole(identifier="1.2.3.77", code="34112-3"), letters.structured()
    ),
    "a letter and a paper of something else": with_paper(oru(), "11502-2"),
    "two papers": with_paper(with_paper(several(), "11490-0"), "11490-0", PDF + b"% other"),
}


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


@pytest.mark.parametrize("media", ["image/tiff", "text/rtf", "image/jpeg", "application/msword"])
def test_a_body_that_no_page_shows_is_refused_at_the_door(media):
    found = refusal(oru(bodied(media, b"II*\x00", encoded=True)))

    assert (found.code, found.location) == ("AE", "OBX^1^5")
    assert "convertissez-le en PDF" in found.sentence


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
)


def play(count, seed):
    chance = random.Random(seed)  # a reproducible damage
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(count):
        raw = chance.choice(SOURCES)
        for _ in range(chance.choice((1, 1, 2))):
            raw = MUTATIONS[number % len(MUTATIONS)](raw, chance) or b"\r"
        started = time.perf_counter()
        outcomes[outcome_of(raw)] += 1
        slowest = max(slowest, time.perf_counter() - started)
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
    return f"AA {said.act.value}"


def test_a_damaged_message_is_read_or_refused_with_its_reason(record_property):
    outcomes = play(1000, "seed")
    record_property("damaged", f"1000 messages : {dict(outcomes.most_common())}")

    assert {"AA new", "AA replace", "AA delete", "AE 102", "AE 101", "AR 100"} <= set(outcomes)


@pytest.mark.long
def test_twenty_thousand_damaged_messages_are_read_or_refused(record_property):
    outcomes = play(20_000, "long seed")
    record_property("damaged", f"20000 messages : {dict(outcomes.most_common())}")

    assert {"AE 100", "AE 103", "AR 200", "AR 201"} <= set(outcomes)
