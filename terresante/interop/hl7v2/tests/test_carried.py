"""What a message says of the document that it carries: read, or refused with a reason."""

import re

import pytest

from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, PDF
from terresante.interop.hl7v2.carried import Act
from terresante.interop.hl7v2.tests.carrying import (
    carried,
    filled,
    mdm,
    oru,
    refusal,
    several,
    with_paper,
)
from terresante.interop.mllp.intake import Outcome, received
from terresante.interop.mllp.intake import answer as acknowledged


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


UNKNOWN = b'<section><confidentialityCode code="TABOU" codeSystem="2.16.840.1.113883.5.25"/>'


@pytest.mark.parametrize(
    ("raw", "where", "table"),
    [
        (filled(mdm(), b"TXA", 18, b"SECRET"), b"TXA^1^18", "0272"),
        (filled(oru(), b"ORC", 28, b"PSYCHIATRIE"), b"ORC^1^28", "0177"),
        (oru(letters.structured().replace(b"<section>", UNKNOWN, 1)), b"OBX^1^5", "JDV_J08"),
    ],
)
def test_a_level_that_is_not_known_hides_and_its_sender_is_told(raw, where, table):
    """HL7 v2.5, ERR-4 W: accepted, and said."""
    told = received("1", raw)
    answer = acknowledged(told, Outcome())
    _, accepted, error, _ = answer.split(b"\r")

    assert accepted.startswith(b"MSA|AA|D1")
    fields = error.split(b"|")
    assert fields[2:5] == [where, b"103^Table value not found^HL70357", b"W"]
    assert table in fields[8].decode() and "par prudence" in fields[8].decode()
    assert carried(raw).visibility.is_masked
    assert "level-unknown" in {each.code for each in carried(raw).warnings}


@pytest.mark.parametrize(
    "raw",
    [
        mdm(),
        filled(mdm(), b"TXA", 18, b"R"),
        filled(oru(), b"ORC", 28, b"PSY^Psychiatrie^HL70177"),
        oru(letters.structured(confidentiality="INVISIBLE_PATIENT")),
    ],
)
def test_of_a_level_that_is_known_nothing_is_told(raw):
    assert acknowledged(received("1", raw), Outcome()).count(b"\r") == 2


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
