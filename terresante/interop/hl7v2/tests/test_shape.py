"""The shape of a message tells where it is wrong, and nothing of what it says."""

import base64

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.shape import shape_of
from terresante.interop.hl7v2.tests.messages import adt

DOCUMENT = base64.b64encode(b"Le patient souffre de " * 40).decode()
OBX = f"OBX|1|ED|11502-2^CR^LN||^TEXT^XML^Base64^{DOCUMENT}||||||F|"
NOTE = "NTE|1||Suspicion de tuberculose"


def fields(raw, **options):
    return {field.place: field for segment in shape_of(er7.read(raw), **options) for field in segment.fields}


def test_masked_no_field_says_anything_of_its_content():
    found = fields(adt("A01", OBX, NOTE))

    assert not any(field.value for field in found.values())
    assert found["PID-7"].words == "date, 8 caractères"
    assert found["PID-8"].words == "lettres, 1 caractère"
    assert found["PID-5"].words.startswith("7 composants, 2 répétitions")
    text = " ".join(field.words for field in found.values())
    assert "ESSAI" not in text and "tuberculose" not in text


def test_shown_it_tells_the_identity_and_neither_care_nor_document():
    found = fields(adt("A01", OBX, NOTE), shown=True)

    assert "ESSAI^CLAIRE" in found["PID-5"].value
    assert found["NTE-3"].value == found["OBX-5"].value == found["PV1-3"].value == ""
    assert found["OBX-5"].words.startswith("document joint")


def test_a_document_hidden_in_an_identity_is_told_neither():
    found = fields(adt("A01", pid=f"PID|1||P1^^^X&1&N^PI||ESSAI^CLAIRE|{DOCUMENT}"), shown=True)

    assert found["PID-6"].value == ""
    assert found["PID-6"].words.startswith("document joint")


def test_the_field_at_fault_is_marked_even_absent_and_told_outside_of_care():
    raw = adt("A01", NOTE, evn="EVN||hier")
    found = fields(raw, faults=["EVN^1^2", "PV1^1^60", "NTE^1^3"], shown=True)

    assert found["EVN-2"].is_at_fault and found["EVN-2"].value == "hier"
    assert found["PV1-60"].words == "absent" and found["PV1-60"].is_at_fault
    assert found["NTE-3"].is_at_fault and found["NTE-3"].value == ""


def test_a_message_of_a_thousand_segments_is_drawn_in_part():
    raw = adt("A01", *[f"NTE|{n}||x" for n in range(1000)])

    assert len(shape_of(er7.read(raw))) == 200
