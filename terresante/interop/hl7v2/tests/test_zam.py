"""Business acknowledgements, written and read, in the sender's own separators and letters."""

from datetime import datetime

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.dates import PARIS
from terresante.interop.hl7v2.envelope import envelope
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.zam import (
    NO_RECORD,
    asks_reception,
    business_acknowledgement,
    read_acknowledgement,
)

AT = datetime(2026, 11, 27, 3, 15, tzinfo=PARIS)
ORU = (
    r"MSH|^~\&|SIL|LABO|TERR-ESANTE|TERR-ESANTE|202611270300||ORU^R01^ORU_R01|015|P|2.5|||||FRA|{charset}"
    "\rOBX|1|CE|ACK_RECEPTION^Accusé^MetaDMPMSS||{asked}^^expandedYes-NoIndicator||||||F\r"
)


def asked(answer="Y", charset="UNICODE UTF-8"):
    return ORU.format(asked=answer, charset=charset)


def told(not_filed=None, raw=None):
    raw = business_acknowledgement(
        envelope(raw or asked().encode()), control_id="Y123", at=AT, not_filed=not_filed
    )
    return er7.read(raw)


def test_reception_is_acknowledged_when_it_was_asked():
    assert asks_reception(er7.read(asked().encode()))
    assert not asks_reception(er7.read(asked("N").encode()))


def test_it_goes_back_to_who_sent_and_names_the_message_it_is_about():
    message = told()
    header, line = message.segment("MSH"), message.segment("OBX")

    assert [header.value(number) for number in (3, 5, 6, 9, 10, 12)] == [
        "TERR-ESANTE", "SIL", "LABO", "ZAM", "Y123", "2.6",
    ]  # fmt: skip
    assert (header.value(9, 2), header.value(9, 3)) == ("Z01", "ZAM_Z01")
    assert (line.value(3), line.value(3, 3), line.value(4), line.value(5)) == (
        "ACK_RECEPTION_DMP",
        "AckMetierZAM",
        "015",
        "Y",
    )
    assert message.segment("ERR") is None


def test_a_document_that_was_not_filed_says_why():
    message = told(NO_RECORD)

    assert message.segment("OBX").value(5) == "N"
    assert message.segment("ERR").value(5) == "NoRecord"
    assert message.segment("ERR").value(5, 2).startswith("Aucun dossier")


def test_it_is_written_in_the_letters_and_with_the_separators_of_the_sender():
    raw = asked(charset="8859/1").replace("|", "#").replace("MSH#^~", "MSH#^~").encode("iso8859-1")
    answer = business_acknowledgement(envelope(raw), control_id="N1", at=AT, not_filed=NO_RECORD)

    assert answer.startswith(b"MSH#")
    assert "Accusé de réception".encode("iso8859-1") in answer
    (line,) = er7.read(answer).segments("OBX")
    assert line.value(4) == "015"


def test_our_own_reader_understands_what_we_write():
    lines = read_acknowledgement(told())

    assert not isinstance(lines, Refusal)
    (line,) = lines
    assert (line.code, line.about, line.value) == ("ACK_RECEPTION_DMP", "015", "Y")


def test_an_acknowledgement_that_says_nothing_known_is_refused():
    raw = b"MSH|^~\\&|PFI|X|S|L|202106060933||ZAM^Z01^ZAM_Z01|017|P|2.6\rOBX|1|CWE|AUTRE^x^y|015|Y\r"
    found = examine(raw)

    assert isinstance(found, Refusal)
    assert found.location == "OBX^1^3"
    assert isinstance(examine(raw.replace(b"Z01^", b"Z09^")), Refusal)
