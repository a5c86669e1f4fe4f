"""Results that an ORU^R01 gives one by one, read without any database."""

from decimal import Decimal

import pytest

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.carried import Carried, read_carried
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.orders import read_discrete
from terresante.results.enums import ReportStatus, ResultKind

HEAD = (
    r"MSH|^~\&|SIL|LABO|TERR|TEST|20260409140000||ORU^R01^ORU_R01|H1|P|2.5|||||FRA|UNICODE UTF-8",
    "PID|||P1^^^HOPITAL-T&750000222&N^PI||ESSAI^CLAIRE^CLAIRE^^^^L||19560214|F",
)
OBR = (
    "OBR|1|ORD300|RES300^HEMATO|57021-8^Hémogramme^LN|||20260409080000||||||||Sang veineux|MED1^MERCIER^Agnès"
)


def message(*lines, obr=OBR):
    return er7.read("\r".join((*HEAD, obr, *lines)).encode())


def whole(given):
    (found,) = read_discrete(given)
    return found


def read(*lines, **changes):
    return list(whole(message(*lines, **changes)).report.results)


def test_a_result_has_its_chapter_its_value_its_range_and_its_flag():
    (result,) = read("OBX|1|NM|718-7^Hémoglobine^LN||98|g/L|120-160|L|||F")

    assert (result.chapter, result.code, result.label) == ("Hémogramme", "718-7", "Hémoglobine")
    assert result.code_system == "2.16.840.1.113883.6.1"
    assert (result.value, result.unit, result.low, result.high) == (
        Decimal(98),
        "g/L",
        Decimal(120),
        Decimal(160),
    )
    assert (result.interpretation, result.specimen) == ("L", "Sang veineux")
    assert result.effective_at.isoformat() == "2026-04-09T08:00:00+02:00"


VALUES = {
    "a bound": ("SN|1^x^L||<^10", "<\xa010", Decimal(10)),
    "an equal bound": ("SN|1^x^L||>=^3", "≥\xa03", Decimal(3)),
    "a titre": ("SN|1^x^L||^1^:^160", "1:160", None),
    "an interval": ("SN|1^x^L||^10^-^20", "10 à 20", None),
    "several codes": ("CE|1^x^L||NEG^négatif^L~POS^positif^L", "négatif\xa0; positif", None),
    "several numbers": ("NM|1^x^L||27~25", "27\xa0; 25", None),
    "a code": ("CE|1^x^L||NEG^négatif^L", "négatif", None),
    "a text": ("ST|1^x^L||trouble", "trouble", None),
    "a text in lines": ("TX|1^x^L||premier~second", "premier second", None),
    "a bound in a text": ("ST|1^x^L||<1,0", "<\xa01,0", Decimal("1.0")),
    "a date": ("DT|1^x^L||20260312", "12\xa0mars 2026", None),
    "no number": ("NM|1^x^L||positif", "positif", None),
    "below what is measured": ("NM|1^x^L||<0.1", "<\xa00.1", Decimal("0.1")),
    "above what is measured": ("NM|1^x^L||>1000", ">\xa01000", Decimal(1000)),
    "a titre in words": ("ST|1^x^L||1/80", "1/80", None),
    "below a titre": ("ST|1^x^L||<1/20", "<1/20", None),
}


@pytest.mark.parametrize(("obx", "text", "value"), VALUES.values(), ids=VALUES)
def test_each_kind_of_value_is_read(obx, text, value):
    (result,) = read(f"OBX|1|{obx}||||||F")

    assert (result.text, result.value) == (text, value)


RANGES = {
    "4.0-10.0": (Decimal("4.0"), Decimal("10.0"), ""),
    "<5": (None, Decimal(5), ""),
    ">60": (Decimal(60), None, ""),
    "négatif": (None, None, "négatif"),
    "3,5 a 5,1": (Decimal("3.5"), Decimal("5.1"), ""),
    "[10 - 20]": (Decimal(10), Decimal(20), ""),
    "(<5)": (None, Decimal(5), ""),
    "<1/20": (None, None, "<1/20"),
    "< 1:40": (None, None, "< 1:40"),
    "": (None, None, ""),
}


@pytest.mark.parametrize("said", RANGES)
def test_each_way_of_saying_a_range_is_read(said):
    (result,) = read(f"OBX|1|NM|1^x^L||5|g/L|{said}||||F")

    assert (result.low, result.high, result.range_text) == RANGES[said]


def test_notes_are_the_result_s_above_or_the_report_s():
    found = whole(
        message(
            "NTE|1||Prélèvement hémolysé",
            "OBX|1|NM|718-7^Hémoglobine^LN||98|g/L|||||F",
            "NTE|1||À contrôler",
            "NTE|2||dans huit jours",
        )
    )

    assert found.report.comment == "Prélèvement hémolysé"
    assert found.report.results[0].comment == "À contrôler dans huit jours"
    assert (found.report.prescription, found.report.prescriber) == ("ORD300", "Agnès MERCIER")


def test_the_same_again_is_a_text_that_goes_on_or_another_unit():
    texts = read("OBX|1|TX|1^x^L||un||||||F", "OBX|2|TX|1^x^L||deux||||||F")
    units = read("OBX|1|NM|1^x^L||4.89|mmol/L|||||F", "OBX|2|NM|1^x^L||0.88|g/L|||||F")
    twice = read("OBX|1|NM|1^x^L||4.89|mmol/L|||||F", "OBX|2|NM|1^x^L||5.2|mmol/L|||||F")

    assert [each.text for each in texts] == ["un deux"]
    assert [(each.text, each.other_text, each.other_unit) for each in units] == [("4.89", "0.88", "g/L")]
    assert [each.text for each in twice] == ["4.89", "5.2"]


def test_the_same_at_another_hour_is_another_result():
    first, second = read(
        "OBX|1|ST|1^x^L||négatif||||||F|||20260409080000", "OBX|2|ST|1^x^L||positif||||||F|||20260409093000"
    )

    assert (first.text, second.text) == ("négatif", "positif")
    assert second.effective_at.isoformat() == "2026-04-09T09:30:00+02:00"


@pytest.mark.parametrize(
    ("told", "code", "label", "is_loinc"),
    [
        ("GLU^Glycémie^L^2345-7^Glucose^LN", "2345-7", "Glycémie", True),
        ("2345-7^Glucose^LN^GLU^Glycémie^L", "2345-7", "Glucose", True),
        ("GLU^Glycémie^L", "GLU", "Glycémie", False),
        ("^^^2345-7^Glucose^LN", "2345-7", "Glucose", True),
    ],
)
def test_an_examination_has_the_loinc_code_that_stands_beside_its_local_one(told, code, label, is_loinc):
    (result,) = read(f"OBX|1|NM|{told}||5.1|mmol/L|||||F")

    assert (result.code, result.label) == (code, label)
    assert (result.code_system == "2.16.840.1.113883.6.1") is is_loinc


def test_what_an_antibiotic_does_is_no_value():
    obr = "OBR|1|ORD300|RES300^HEMATO|18769-0^Antibiogramme^LN|||20260409080000"
    by_flag, by_word, other = read(
        "OBX|1|NM|18862-3^Amoxicilline^LN||16|mg/L||R|||F",
        "OBX|2|ST|18928-2^Gentamicine^LN||S||||||F",
        "OBX|3|ST|1^Commentaire^L||à confirmer||||||F",
        obr=obr,
    )
    (elsewhere,) = read("OBX|1|ST|1^Phénotype^L||S||||||F")

    assert [(each.kind, each.interpretation) for each in (by_flag, by_word)] == [
        (ResultKind.SUSCEPTIBILITY, "R"),
        (ResultKind.SUSCEPTIBILITY, "S"),
    ]
    assert (other.kind, elsewhere.kind, elsewhere.text) == (ResultKind.VALUE, ResultKind.VALUE, "S")


def test_what_a_message_takes_back_is_named_by_its_code():
    found = whole(message("OBX|1|NM|718-7^Hb^LN||||||||D", "OBX|2|NM|777-3^Plaquettes^LN||300|G/L||||C"))

    assert {(place.key, place.chapter) for place in found.withdrawn} == {("718-7", "57021-8")}
    assert [each.code for each in found.report.results] == ["777-3"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("F", ReportStatus.FINAL), ("P", ReportStatus.PARTIAL), ("C", ReportStatus.CORRECTED)],
)
def test_the_status_of_a_report_is_that_of_its_results(status, expected):
    found = whole(message(f"OBX|1|NM|1^x^L||5|g/L|||||{status}"))

    assert found.report.status == expected


def test_lines_of_text_that_name_no_examination_are_no_results():
    """An American report of imaging, line by line: its document is asked for."""
    assert read_discrete(message("OBX|1|TX|||Compte rendu||||||F", "OBX|2|TX|||Conclusion||||||F")) == ()


def test_what_is_said_of_a_document_is_no_result():
    assert read_discrete(message("OBX|1|CE|MASQUE_PS^Masqué^MetaDMPMSS||Y||||||F")) == ()


def test_such_a_message_is_carried_under_the_number_of_its_report():
    carried = read_carried(message("OBX|1|NM|1^x^L||5|g/L|||||F"))

    assert isinstance(carried, Carried)
    assert (carried.names, carried.type_code, carried.cda) == (("HEMATO^RES300",), "11502-2", None)


def test_the_words_of_an_imaging_report_are_no_biology():
    """Many a RIS writes its report so: filed as results, it would be read as biology by who reads biology."""
    imaging = "OBR|1|ORD300|RES300^RIS|36643-5^Radiographie du thorax^LN|||20260409080000" + "|" * 17 + "RAD"
    words = "OBX|1|TX|59776-5^Résultats^LN||Pas de foyer.||||||F"

    found = read_carried(message(words, obr=imaging))

    assert isinstance(found, Refusal)
    assert (found.code, found.location, "CDA ou un PDF" in found.sentence) == ("AE", "OBR^1^24", True)
    assert isinstance(read_carried(message(words, obr=imaging.replace("RAD", "CH"))), Carried)


@pytest.mark.parametrize(
    ("obr", "place"),
    [("OBR|1||^|57021-8^x^LN", "OBR^1^3"), ("OBR|1|ORD300||57021-8^x^LN", "")],
    ids=["no number at all", "that of the request"],
)
def test_a_report_has_a_number(obr, place):
    found = read_carried(message("OBX|1|NM|1^x^L||5|g/L|||||F", obr=obr))

    assert (found.location if isinstance(found, Refusal) else "") == place
