"""Several orders in one ORU^R01: each number (OBR-3) is a report with its own status, its corrections, its end."""

import pytest
from django.db import DataError
from django.utils import timezone

from simulators.laboratory.reports import Examinations, Order, Result, discrete, ordered
from terresante.feed.models import FeedItem
from terresante.interop import result_filing
from terresante.interop.models import InboundMessage
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_discrete import send
from terresante.interop.tests.test_results import reads
from terresante.kernel.models import AuditEntry
from terresante.results import discrete_actions
from terresante.results.models import DiagnosticReport
from terresante.results.tests.factories import blood, reports, results_of, sugar
from tests.walls import walls_down

pytestmark = pytest.mark.commits
AT = timezone.now().replace(microsecond=0)


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def several(person, *orders, control_id="Z1"):
    """(number, chapter) or (number, chapter, status), all of one moment."""
    told = tuple(
        Order(number=number, chapter=chapter, status=next(iter(status), "F"))
        for number, chapter, *status in orders
    )
    return ordered(person, control_id=control_id, at=AT, orders=told)


def in_force():
    """What each number says now."""
    return {
        report.sender_identifier: (report.status, [row.text for row in results_of(report)])
        for report in reports()
        if report.is_shown
    }


def test_each_order_is_a_report_with_its_own_status(cast, hospital, claire):
    assert send(hospital, several(claire, ("R1", blood("98")), ("R2", sugar(), "P"))) == ["AA"]

    assert wire.states() == [("applied", "results_filed")]
    first, second = sorted(reports(), key=lambda report: report.sender_identifier)
    assert (first.chapters, first.prescription, first.status) == ("Hématologie", "DR1", "final")
    assert (second.chapters, second.prescription, second.status) == ("Biochimie", "DR2", "partial")
    with walls_down():
        assert {item.object_id for item in FeedItem.objects.all()} == {first.pk, second.pk}
        assert AuditEntry.objects.filter(action="result.write", outcome="done").count() == 2
    for report in (first, second):
        assert reads(cast.amar, cast.madeleine_record, report)[0]
        assert reads(cast.brun, cast.madeleine_record, report) == (False, 0, 0)


def test_a_correction_of_the_second_order_leaves_the_first_as_it_is(hospital, claire):
    send(hospital, several(claire, ("R1", blood("98")), ("R2", sugar("4.89"))))
    send(hospital, several(claire, ("R2", sugar("5.4"), "C"), control_id="Z2"))

    assert wire.states()[1] == ("applied", "results_replaced")
    assert in_force() == {"R1": ("final", ["98", "6.4"]), "R2": ("corrected", ["5.4"])}
    assert len(reports()) == 3


HEMOGLOBIN = b"OBX|1|NM|718-7^Hb^LN||%s|g/L|||||%s|||%s"


def measured(person, *results, control_id):
    """(value, status, hour) of one examination of one order."""
    head = several(person, ("R1", blood()), control_id=control_id).split(b"OBX|")[0]
    return head + b"\r".join(HEMOGLOBIN % result for result in results) + b"\r"


def test_the_value_that_a_result_was_waiting_for_takes_its_place_at_whatever_hour(hospital, claire):
    """Announced « I » (table 0085): in the laboratory, its value to come. A value of another hour is one more."""
    send(hospital, measured(claire, (b"", b"I", b"20260310063000"), control_id="Z1"))
    send(hospital, measured(claire, (b"98", b"F", b"20260310083000"), control_id="Z2"))
    assert in_force() == {"R1": ("final", ["98"])}

    send(hospital, measured(claire, (b"104", b"F", b"20260310120000"), control_id="Z3"))

    assert in_force() == {"R1": ("final", ["98", "104"])}


def test_the_same_orders_again_change_nothing(hospital, claire):
    send(hospital, several(claire, ("R1", blood()), ("R2", sugar())))
    send(hospital, several(claire, ("R1", blood()), ("R2", sugar()), control_id="Z2"))

    assert wire.states()[1] == ("ignored", "results_known")
    assert len(reports()) == 2


def test_of_orders_sent_again_only_the_one_that_changed_is_new(hospital, claire):
    send(hospital, several(claire, ("R1", blood()), ("R2", sugar("4.89"))))
    send(hospital, several(claire, ("R1", blood()), ("R2", sugar("5.4"), "C"), control_id="Z2"))

    assert sorted((report.sender_identifier, report.status) for report in reports()) == [
        ("R1", "final"),
        ("R2", "corrected"),
        ("R2", "superseded"),
    ]


def test_an_order_that_is_cancelled_takes_its_own_report_away(cast, hospital, claire):
    send(hospital, several(claire, ("R1", blood("98")), ("R2", sugar())))
    nothing = Examinations(code="18719-5")
    assert send(hospital, several(claire, ("R2", nothing, "X"), control_id="Z2")) == ["AA"]

    assert wire.states()[1] == ("applied", "results_withdrawn")
    assert in_force() == {"R1": ("final", ["98", "6.4"])}
    with walls_down():
        assert FeedItem.objects.count() == 1


def test_an_order_that_is_cancelled_and_says_why_keeps_what_it_says(hospital, claire):
    send(hospital, several(claire, ("R1", blood("98"))))
    why = Examinations(code="18723-7", results=(Result(code="C1", label="Commentaire", value="coagulé"),))
    send(hospital, several(claire, ("R1", why, "X"), control_id="Z2"))

    assert [told for _, told in in_force().values()] == [["non rendu"]]


def test_an_order_without_effect_is_told_beside_those_that_have_one(hospital, claire):
    nothing = Examinations(code="18719-5")
    send(hospital, several(claire, ("R1", blood()), ("R9", nothing, "X")))

    assert wire.states() == [("applied", "results_filed")]
    with walls_down():
        assert InboundMessage.objects.get().remarks == ["results-unknown OBR^2"]


def test_a_message_is_filed_whole_or_not_at_all(hospital, claire, monkeypatch):
    """Its acknowledgement is one: an order that the database refuses takes the others back with it."""

    def breaks_at_the_second(actor, patient_id, *, sent):
        if sent.name == "R2":
            raise DataError
        return discrete_actions.file_results(actor, patient_id, sent=sent)

    monkeypatch.setattr(result_filing, "file_sent_results", breaks_at_the_second)
    send(hospital, several(claire, ("R1", blood()), ("R2", sugar())))

    assert (wire.states(), reports()) == ([("failed", "bug")], [])


@pytest.fixture
def former(hospital, claire):
    """Two orders that stand under the number of the first, as reports were filed before numbers were told apart."""
    send(hospital, discrete(claire, control_id="Z0", at=AT, chapters=(blood("98"), sugar("4.89"))))
    with walls_down():
        DiagnosticReport.objects.update(may_hold_others=True)


def test_what_stands_under_the_number_of_another_order_is_corrected_where_it_stands(hospital, claire, former):
    send(hospital, several(claire, ("R2", sugar("5.4"), "C")))
    assert in_force() == {"R1": ("corrected", ["98", "6.4", "5.4"])}

    send(hospital, several(claire, ("R1", blood("101"), "C"), ("R2", sugar("5.4")), control_id="Z2"))
    assert in_force() == {"R1": ("corrected", ["101", "6.4", "5.4"])}
    assert len(reports()) == 3

    send(hospital, several(claire, ("R2", Examinations(code="18719-5"), "X"), control_id="Z3"))
    assert in_force() == {"R1": ("corrected", ["101", "6.4"])}

    send(hospital, several(claire, ("R1", blood("101"), "D"), control_id="Z4"))
    assert in_force() == {}


def test_an_examination_of_another_order_or_another_chapter_is_not_taken_for_one_that_stands_there(
    hospital, claire, former
):
    elsewhere = Examinations(code="18720-3", results=sugar("9.9").results)
    send(hospital, several(claire, ("R3", elsewhere)))

    assert in_force() == {"R1": ("final", ["98", "6.4", "4.89"]), "R3": ("final", ["9.9"])}


def test_what_is_filed_today_is_never_looked_for_under_another_number(hospital, claire):
    send(hospital, several(claire, ("R1", sugar("4.89"))))
    send(hospital, several(claire, ("R2", sugar("5.4")), control_id="Z2"))

    assert in_force() == {"R1": ("final", ["4.89"]), "R2": ("final", ["5.4"])}
