"""The orders of an ORU^R01: which OBR are one report, with which status, and what a message takes back."""

import pytest

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.carried import Carried, read_carried
from terresante.interop.hl7v2.grammar import Code, Refusal
from terresante.interop.hl7v2.orders import MOST_ORDERS, MOST_RESULTS, read_discrete, together
from terresante.interop.hl7v2.tests.test_discrete import HEAD
from terresante.results.enums import ReportStatus
from terresante.results.merging import is_of

BLOOD = "OBX|1|NM|718-7^Hémoglobine^LN||98|g/L|120-160|L|||F"
SUGAR = "OBX|1|NM|14771-0^Glycémie^LN||4.9|mmol/L|||||F"


def obr(number, *, placer="D1", code="18723-7", at="20260409080000", status="F"):
    return f"OBR|1|{placer}|{number}|{code}^Hématologie^LN|||{at}{'|' * 18}{status}"


def message(*lines):
    return er7.read("\r".join((*HEAD, *lines)).encode())


def read(*lines):
    return read_discrete(message(*lines))


def names(*lines):
    return {order.name: [each.label for each in order.report.results] for order in read(*lines)}


def test_each_number_is_a_report_and_the_chapters_of_one_number_stay_together():
    told = names(
        obr("R1"),
        BLOOD,
        obr("R2", code="18719-5"),
        SUGAR,
        obr("R1", code="18720-3"),
        "OBX|1|NM|TP^TP^L||90|%|||||F",
    )

    assert told == {"R1": ["Hémoglobine", "TP"], "R2": ["Glycémie"]}


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (
            ("ORC|RE|D1|R1", obr("", placer=""), BLOOD, "ORC|RE|D2|R2", obr("", placer=""), SUGAR),
            ["R1", "R2"],
        ),
        ((obr("", placer="D1"), BLOOD, obr("", placer="D2"), SUGAR), ["D1", "D2"]),
        ((obr("R1^LABO"), BLOOD, obr("", placer=""), SUGAR), ["LABO^R1"]),
        (("ORC|RE|D1|R1", obr("", placer=""), BLOOD, obr("R2"), SUGAR), ["R1", "R2"]),
        (("ORC|RE|D1|R1", obr("R1"), BLOOD, obr("", placer=""), SUGAR), ["R1"]),
        ((BLOOD, obr("R1"), SUGAR), ["R1"]),
    ],
    ids=[
        "those of ORC",
        "those of the request",
        "one that goes on",
        "ORC then OBR",
        "an ORC once",
        "before any",
    ],
)
def test_a_number_is_looked_for_where_senders_say_it(lines, numbers):
    told = read(*lines)

    assert [order.name for order in told] == numbers
    assert sum(len(order.report.results) for order in told) == 2


@pytest.mark.parametrize(
    ("order", "result", "expected"),
    [
        ("F", "F", ReportStatus.FINAL),
        ("P", "F", ReportStatus.PARTIAL),
        ("A", "F", ReportStatus.PARTIAL),
        ("F", "P", ReportStatus.PARTIAL),
        ("C", "F", ReportStatus.CORRECTED),
        ("", "C", ReportStatus.CORRECTED),
        ("C", "P", ReportStatus.PARTIAL),
        ("", "F", ReportStatus.FINAL),
    ],
)
def test_the_status_is_the_least_certain_of_the_order_s_and_its_results(order, result, expected):
    first, second = read(obr("R1", status=order), BLOOD[:-1] + result, obr("R2"), SUGAR)

    assert (first.report.status, second.report.status) == (expected, ReportStatus.FINAL)


def test_each_order_has_its_own_prescription_prescriber_laboratory_and_comment():
    first, second = read(
        "ORC|RE|||||||||||M1^MERCIER^Agnès",
        obr("R1", placer="D1"),
        "NTE|1||Hémolysé",
        BLOOD + "||||||||||||LABO UN",
        "ORC|RE|||||||||||M2^LENOIR^Paul",
        obr("R2", placer="D2"),
        SUGAR,
    )

    assert (
        first.report.prescription,
        first.report.prescriber,
        first.report.laboratory,
        first.report.comment,
    ) == (
        "D1",
        "Agnès MERCIER",
        "LABO UN",
        "Hémolysé",
    )
    assert (
        second.report.prescription,
        second.report.prescriber,
        second.report.laboratory,
        second.report.comment,
    ) == (
        "D2",
        "Paul LENOIR",
        "",
        "",
    )


def test_an_order_that_is_cancelled_says_so_with_or_without_results():
    bare, told = read(obr("R1", status="X"), obr("R2", status="X"), SUGAR)

    assert (bare.is_cancelled, bare.report.results, bare.chapters) == (True, (), {"18723-7"})
    assert (told.is_cancelled, len(told.report.results)) == (True, 1)
    assert isinstance(read_carried(message(obr("R1", status="X"))), Carried)


def test_what_is_taken_back_is_named_by_its_code_and_its_chapter():
    (order,) = read(obr("R1"), BLOOD[:-1] + "D")

    assert {(place.key, place.chapter) for place in order.withdrawn} == {("718-7", "18723-7")}
    assert not order.is_cancelled


def test_an_order_without_any_result_yet_is_no_report():
    assert list(names(obr("R1", status="I"), obr("R2"), SUGAR)) == ["R2"]


def test_beside_a_paper_all_the_orders_are_its_report():
    report = together(read(obr("R1", status="P"), BLOOD, obr("R2"), SUGAR))

    assert report is not None
    assert ([each.label for each in report.results], report.status) == (
        ["Hémoglobine", "Glycémie"],
        "partial",
    )
    assert together(()) is None


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ((BLOOD,), "OBR^1^3"),
        ((obr("", placer=""), BLOOD), "OBR^1^3"),
        ([line for n in range(MOST_ORDERS + 1) for line in (obr(f"R{n}"), BLOOD)], f"OBR^{MOST_ORDERS + 1}"),
        ((obr("R1"), *(f"OBX|1|NM|{n}^x^L||1||||||F" for n in range(MOST_RESULTS + 1))), "OBX"),
    ],
    ids=["no order", "no number", "too many orders", "too many results"],
)
def test_what_would_be_lost_or_named_by_nothing_is_refused_whole(lines, place):
    found = read_carried(message(*lines))

    assert isinstance(found, Refusal)
    assert (found.code, found.location) == (Code.ERROR, place)


def test_orders_that_follow_from_a_result_that_is_not_there_are_kept():
    """As many as a message may hold."""
    germs = [f"OBX|{n}|CE|6463-4^Germe^LN|{n}|G^G^L||||||F" for n in range(1700)]
    children = [
        line
        for n in range(MOST_ORDERS - 1)
        for line in (f"{obr(f'A{n}', code='18769-0')}|6463-4^x{n}", "OBX|1|ST|18864-9^Ampi^LN||R||||||F")
    ]
    told = read(obr("R1"), *germs, *children)

    assert sum(len(order.report.results) for order in told) == 1700 + MOST_ORDERS - 1


def test_a_result_numbered_as_an_order_is_not_of_that_order():
    (told,) = read(
        obr("R1"),
        "OBX|1|CE|6463-4^Germe^LN|A1|G^G^L||||||F",
        f"{obr('A1', code='18769-0', status='X')}|6463-4^A1|||^R1",
    )

    assert told.cancelled == ("A1",)
    assert not is_of(told.report.results[0], told.cancelled)
