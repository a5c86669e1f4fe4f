import pytest

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.ack import acknowledgement
from terresante.interop.hl7v2.envelope import IdentityKey, envelope
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import NOT_HL7, NOT_RECORDED, Refusal
from terresante.interop.hl7v2.tests.messages import MSH, PID, ZBE, adt, pid, pv1
from terresante.interop.hl7v2.triggers import TRIGGERS, Action

MERGED = "MRG|P0^^^HOPITAL-T&750000222&N^PI"


def refused(raw):
    found = examine(raw)
    assert isinstance(found, Refusal)
    assert found.sentence.endswith(".")
    return found.code.value, found.condition, found.location


@pytest.mark.parametrize("raw", [b"", b"hello", b"GET / HTTP/1.1\r\n", b"MSH|", PID.encode()])
def test_what_is_not_hl7_is_rejected(raw):
    assert examine(raw) is NOT_HL7


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (adt("A01", msh=MSH.replace("ADT^{trigger}", "")), ("AR", "200", "MSH^1^9")),
        (adt("A01", msh=MSH.replace("|M1|", "||")), ("AR", "101", "MSH^1^10")),
        (adt("A01", msh=MSH.replace("ADT^", "SIU^")), ("AR", "200", "MSH^1^9^1^1")),
        (adt("A99"), ("AR", "201", "MSH^1^9^1^2")),
        (adt(""), ("AR", "201", "MSH^1^9^1^2")),
        (adt("A01", msh=MSH.replace("2.5^FRA^2.11", "3.0")), ("AR", "203", "MSH^1^12")),
        (adt("A01", pid=None), ("AE", "100", "PID")),
        (adt("A01", pid=pid(f3="")), ("AE", "101", "PID^1^3")),
        (adt("A01", pid=pid(f3='""^^^X')), ("AE", "101", "PID^1^3")),
        (adt("A01", pid=pid(f3="256021416802587^^^ASIP-SANTE-INS-NIR^INS")), ("AE", "101", "PID^1^3")),
        # A matricule is nobody's own number, however it is typed; neither is an INS-C.
        (adt("A28", pid=pid(f3="256021416802587^^^X&1.2.250.1.213.1.4.8&ISO^PI")), ("AE", "101", "PID^1^3")),
        (adt("A28", pid=pid(f3="12345^^^HOPITAL-T&1.2.250.1.213.1.4.2&ISO^PI")), ("AE", "101", "PID^1^3")),
        (adt("A28", pid=pid(f3="256021416802587^^^ASIP-SANTE-INS-NIR^PI")), ("AE", "101", "PID^1^3")),
        (adt("A01", pid=pid(f5="^^^^^^L")), ("AE", "101", "PID^1^5")),
        (adt("A02", pid=pid(f18=""), pv1=pv1(f19="")), ("AE", "101", "PV1^1^19")),
        (adt("A01", pv1=None), ("AE", "100", "PV1")),
        (adt("A40", pv1=None, zbe=None), ("AE", "100", "MRG")),
        (adt("A40", "MRG|", pv1=None, zbe=None), ("AE", "101", "MRG^1^1")),
        (
            adt("A40", "MRG|P0", pid=pid(f3="P1^^^X&1.2.3&ISO^PI~P2^^^Y&1.2.4&ISO^PI")),
            ("AE", "101", "MRG^1^1"),
        ),
        (adt("A40", MERGED, MERGED.replace("P0", "P3"), pv1=None, zbe=None), ("AE", "100", "MRG^2")),
        (adt("A40", MERGED, PID.replace("P1^", "P3^"), MERGED, pv1=None, zbe=None), ("AE", "100", "PID^2")),
        (adt("A01", PID.replace("P1^", "P3^")), ("AE", "100", "PID^2")),
        # Two messages in one frame: AA would have told the sender that both are here.
        (adt("A01") + adt("A03"), ("AR", "100", "MSH^2")),
        (adt("A01", msh=MSH.replace("20250311090000", "11/03/2025")), ("AE", "102", "MSH^1^7")),
        (adt("A01", evn="EVN||demain"), ("AE", "102", "EVN^1^2")),
        (adt("A01", zbe=ZBE.replace("20250311085500", "20251345")), ("AE", "102", "ZBE^1^2")),
        (
            adt("A01", pid=PID.replace("ESSAI", "NOËL")).decode().encode("iso8859-15"),
            ("AE", "102", "MSH^1^18"),
        ),
    ],
)
def test_what_is_refused_and_why(raw, expected):
    assert refused(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        adt("A28", pv1=None, zbe=None),
        adt("A28", pid=pid(f18=""), pv1="PV1|1|N", zbe=None),
        adt("A01", pv1=pv1(f19="")),
        adt("A01", evn=None, zbe=None),
        adt("A01", msh=MSH.replace("2.5^FRA^2.11", "2.3")),
        adt("A01", msh=MSH.replace("2.5^FRA^2.11", "")),
        adt("A01", pid=pid(f7="14/02/1956")),
        adt("A40", MERGED, pv1=None, zbe=None),
        adt("A40", "MRG|P0", pv1=None, zbe=None),
        adt("A24", PID.replace("P1^", "P3^"), pv1=None, zbe=None),
        adt("A60"),
    ],
)
def test_what_is_tolerated(raw):
    assert isinstance(examine(raw), er7.Message)


@pytest.mark.parametrize("size", range(0, 330, 7))
def test_a_truncated_message_is_answered_not_crashed_on(size):
    raw = adt("A01")[:size]
    assert isinstance(examine(raw), er7.Message | Refusal)
    assert acknowledgement(envelope(raw), NOT_RECORDED)


def test_every_cancellation_names_what_it_takes_back():
    for trigger in TRIGGERS.values():
        assert bool(trigger.cancels) is (trigger.action is Action.CANCEL)
        for code in trigger.cancels:
            assert TRIGGERS[code].action is Action.INSERT
            assert TRIGGERS[code].kind is trigger.kind or trigger.code == "A11"


def test_the_triggers_of_the_french_profile_are_all_known():
    identity = "A24 A28 A31 A37 A40 A44 A47"
    visits = "A01 A02 A03 A04 A05 A06 A07 A14 A15 A16 A21 A22 A54 Z99"
    cancellations = "A11 A12 A13 A25 A26 A27 A38 A52 A53 A55"
    assert all(TRIGGERS[code].is_used for code in f"{identity} {visits} {cancellations}".split())
    assert {f"Z8{digit}" for digit in range(10)} <= set(TRIGGERS)
    assert not TRIGGERS["A60"].is_used


def test_the_envelope_tells_whose_message_it_is():
    found = envelope(adt("A40", "MRG|P0^^^HOPITAL-T&750000222&N^PI~INS1^^^X^INS", pv1=None, zbe=None))
    assert (found.control_id, found.message_type, found.trigger) == ("M1", "ADT", "A40")
    assert (found.sending_application, found.sending_facility) == ("GAM", "HOPITAL-T")
    assert found.identity_keys == (IdentityKey("P1", "750000222"), IdentityKey("P0", "750000222"))


def test_the_envelope_of_an_undecodable_message_still_has_its_header():
    raw = adt("A01", pid=PID.replace("ESSAI", "NOËL")).decode().encode("iso8859-15")
    found = envelope(raw)
    assert (found.control_id, found.trigger, found.identity_keys) == ("M1", "A01", ())


def segments(content):
    return {line[:3]: line.split("|") for line in content.decode().split("\r") if line}


def test_a_positive_acknowledgement():
    answer = segments(acknowledgement(envelope(adt("A01"))))
    assert answer["MSA"] == ["MSA", "AA", "M1"]
    assert answer["MSH"][2:6] == ["TERR-ESANTE", "TEST", "GAM", "HOPITAL-T"]
    assert answer["MSH"][8] == "ACK^A01^ACK"
    assert answer["MSH"][11] == "2.5^FRA^2.11"
    assert answer["MSH"][17] == "UNICODE UTF-8"
    assert 0 < len(answer["MSH"][9]) <= 20
    assert "ERR" not in answer


def test_a_negative_acknowledgement_says_where_and_why():
    raw = adt("A01", pid=pid(f3=""))
    refusal = examine(raw)
    assert isinstance(refusal, Refusal)
    answer = segments(acknowledgement(envelope(raw), refusal))
    assert answer["MSA"] == ["MSA", "AE", "M1"]
    assert answer["ERR"][2:5] == ["PID^1^3", "101^Required field missing^HL70357", "E"]
    assert answer["ERR"][8] == refusal.sentence


def test_an_acknowledgement_speaks_the_sender_s_character_set():
    raw = adt("A01", msh=MSH.replace("UNICODE UTF-8", "8859/1"))
    answer = acknowledgement(envelope(raw), NOT_RECORDED)
    assert NOT_RECORDED.sentence in answer.decode("iso8859-1")


def test_nothing_copied_into_an_acknowledgement_can_cut_it():
    raw = rb"MSH|^~\&|GA" + b"\nx|F|||||ADT^A01|a\\.br\\b|P|2.5"
    answer = acknowledgement(envelope(raw), NOT_RECORDED).decode()
    assert [line[:3] for line in answer.splitlines()] == ["MSH", "MSA", "ERR"]
