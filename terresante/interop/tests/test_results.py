"""Results that come with a report of biology: filed with it, replaced and taken back with it (issue 5, H4)."""

import pytest

from simulators.hospital.messages import Authority
from terresante.care_team.queries import open_record
from terresante.documents import actions as documents
from terresante.documents.queries import documents_of
from terresante.feed import queries as feed
from terresante.feed.models import FeedItem
from terresante.interop.cda.tests import letters
from terresante.interop.models import InboundMessage
from terresante.interop.tests import papers, wire
from terresante.kernel import access, rls
from terresante.kernel.errors import NotFound
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.results.access import RESULT_READ
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.results.queries import reports_of
from terresante.results.tests.factories import (
    URINE,
    blood,
    cr_bio,
    reports,
    results_of,
    sent,
    sugar,
)
from tests.cast import join
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def reads(actor, record, report):
    """The report, how many of its results, and whether it is in the list."""
    with rls.acting(actor):
        try:
            patient_id = open_record(actor, record.pk).patient.pk
            access.get(actor, RESULT_READ, DiagnosticReport, report.pk)
        except NotFound:
            return False, 0, 0
        rows = access.list(actor, RESULT_READ, LabObservation).filter(report_id=report.pk)
        return True, rows.count(), reports_of(actor, patient_id).count()


def test_the_results_of_a_report_are_filed_with_it(cast, hospital, claire):
    sent(hospital, claire, blood(), sugar(), order="P17")

    (report,) = reports()
    (document,) = papers.filed()
    assert (report.document_id, report.patient_id) == (document.pk, cast.madeleine_record.patient_id)
    assert (report.laboratory, report.prescription) == ("Laboratoire des Deux Rives", "P17")
    assert (report.chapters, report.total, report.out_of_range) == ("Hématologie, Biochimie", 3, 1)
    assert report.headline == "hémoglobine 98\xa0g/L\xa0↓\xa0bas"
    assert [row.text for row in results_of(report)] == ["98", "6.4", "4.89"]
    with walls_down():
        trail = AuditEntry.objects.get(action="result.write", outcome="done")
    assert (trail.actor_kind, trail.object_id, trail.detail["results"]) == ("gateway", report.pk, 3)


def test_one_arrival_is_told_once_as_results(cast, hospital, claire):
    sent(hospital, claire)
    (report,) = reports()

    with walls_down():
        told = FeedItem.objects.get()
        events = list(OutboxEvent.objects.filter(kind__contains="iled").values_list("kind", flat=True))
    assert (told.kind, told.object_id) == ("result", report.document_id)
    assert events == ["DocumentFiled"]
    with rls.acting(cast.amar):
        patient_id = open_record(cast.amar, cast.madeleine_record.pk).patient.pk
        (fact,) = feed.timeline(cast.amar, patient_id).facts
    assert fact.line.strong == "Hématologie, Laboratoire des Deux Rives"
    assert fact.line.text == "\xa0: hémoglobine 98\xa0g/L\xa0↓\xa0bas"


def test_the_circle_and_the_person_read_them_and_another_doctor_does_not(cast, hospital, claire):
    sent(hospital, claire)
    (report,) = reports()

    assert reads(cast.amar, cast.madeleine_record, report) == (True, 2, 1)
    assert reads(cast.madeleine, cast.madeleine_record, report) == (True, 2, 1)
    # A doctor too, with patients of his own; a social worker of this circle, who reads no medical data.
    assert reads(cast.brun, cast.madeleine_record, report) == (False, 0, 0)
    assert reads(cast.samira, cast.madeleine_record, report) == (False, 0, 0)


HIDING = {
    "MASQUE_PS": {"amar", "ines", "madeleine"},
    "INVISIBLE_PATIENT": {"madeleine"},
}


@pytest.mark.parametrize("asked", HIDING)
def test_results_are_read_by_no_more_than_their_document(cast, hospital, claire, asked):
    sent(hospital, claire, told={asked: "Y"})
    (report,) = reports()

    for name in ("amar", "ines", "madeleine"):
        actor = cast.actors[name]
        with rls.acting(actor):
            patient_id = open_record(actor, cast.madeleine_record.pk).patient.pk
            opened = documents_of(actor, patient_id).count()
        expected = name not in HIDING[asked]
        assert (opened == 1, reads(actor, cast.madeleine_record, report)[0]) == (expected, expected), name


def test_a_new_version_takes_the_place_of_the_results_before(cast, hospital, claire):
    sent(hospital, claire, blood("98"))
    sent(hospital, claire, blood("104"), number="2", replaces="1.2.250.1.999.8.1", status="C")

    before, after = reports()
    assert (before.status, after.status) == ("superseded", "final")
    assert next(row.text for row in results_of(after)) == "104"
    assert reads(cast.amar, cast.madeleine_record, before) == (True, 2, 1)


def test_a_paper_that_replaces_results_closes_them(cast, hospital, claire):
    sent(hospital, claire)
    letter = papers.letter(claire, "7", code="11502-2", replaces="1.2.250.1.999.8.1")
    wire.receive(hospital, papers.oru(claire, letter, control_id="D7"))
    wire.apply()

    assert [report.status for report in reports()] == ["superseded"]


def test_results_that_come_beside_a_paper_are_filed_with_it(cast, hospital, claire):
    """Corrected and taken back with it; each result once."""
    beside = b"OBX|8|NM|718-7^Hemoglobine^LN||%s|g/L|120-160|%s|||F\r"
    paper = papers.oru(claire, letters.PDF, control_id="D1", subtype="PDF") + beside % (b"98", b"L")
    corrected = papers.oru(claire, letters.PDF + b"%", control_id="D2", subtype="PDF", status="C")
    wire.receive(hospital, paper)
    wire.apply()
    wire.receive(hospital, corrected + beside % (b"130", b""))
    wire.apply()

    before, after = reports()
    assert [each.document_id for each in (before, after)] == [each.pk for each in papers.filed()]
    assert [(each.status, each.out_of_range) for each in (before, after)] == [("superseded", 1), ("final", 0)]
    assert [row.text for row in results_of(after)] == ["130"]
    assert (
        reads(cast.amar, cast.madeleine_record, after)[0]
        and reads(cast.madeleine, cast.madeleine_record, after)[0]
    )
    assert not reads(cast.brun, cast.madeleine_record, after)[0]
    wire.receive(hospital, papers.oru(claire, letters.PDF, control_id="D3", subtype="PDF", status="D"))
    wire.apply()
    assert reports()[1].status == "entered-in-error"


def test_a_withdrawal_takes_the_results_back(cast, hospital, claire):
    sent(hospital, claire)
    taken = papers.oru(claire, cr_bio(claire), control_id="D9", status="D")
    wire.receive(hospital, taken)
    wire.apply()

    (report,) = reports()
    assert report.status == "entered-in-error"
    assert reads(cast.amar, cast.madeleine_record, report) == (False, 0, 0)
    with walls_down():
        assert not FeedItem.objects.exists()


def test_another_laboratory_neither_replaces_nor_takes_back(cast, hospital, claire):
    other = wire.connect("Laboratoire des Lilas", authority="770000333", port=21002, kind="laboratory")
    wire.know(cast.madeleine_record, other)
    theirs = papers.whose(cast.madeleine_record, authority=Authority("LILAS", "770000333", "N"))
    sent(hospital, claire)
    sent(other, theirs, number="2", replaces="1.2.250.1.999.8.1")
    wire.receive(other, papers.oru(theirs, cr_bio(theirs), control_id="D9", status="D"))
    wire.apply()

    assert [report.status for report in reports()] == ["final", "final"]


def test_a_part_that_cannot_be_read_loses_no_document(hospital, claire, monkeypatch):
    """A fault of the reader, of which no example is known: it is put there."""
    monkeypatch.setattr("terresante.interop.cda.results.read_value", None)
    sent(hospital, claire)

    assert reports() == []
    assert [document.status for document in papers.filed()] == ["current"]
    with walls_down():
        assert "results-unread" in InboundMessage.objects.get().remarks


def test_a_date_out_of_all_sense_is_that_of_the_report(hospital, claire):
    content = cr_bio(claire).decode()
    start = content.index("<effectiveTime value=", content.index("<observation"))
    content = f'{content[:start]}<effectiveTime value="00010101"/>{content[content.index("/>", start) + 2 :]}'
    wire.receive(hospital, papers.oru(claire, content.encode()))
    wire.apply()

    (report,) = reports()
    assert results_of(report)[0].effective_at == report.effective_at


def test_a_report_without_results_is_a_document_and_no_more(hospital, claire):
    wire.receive(hospital, papers.oru(claire, papers.letter(claire, code="11502-2")))
    wire.apply()

    assert reports() == [] and len(papers.filed()) == 1
    with walls_down():
        assert FeedItem.objects.get().kind == "document"


def test_sharing_its_document_or_no_longer_holds_for_its_results(cast, hospital, claire):
    """Decided by somebody of the structure that sent it."""
    sent(hospital, claire)
    (document,) = papers.filed()
    with walls_down():
        join(cast.madeleine_record, practitioner_id=cast.urgentiste.person_id)
    documents.share_document(cast.urgentiste, document.record_id, document.pk, shared=False)

    (report,) = reports()
    # At once, by the rule; then in its own limits.
    assert reads(cast.madeleine, cast.madeleine_record, report) == (False, 0, 0)
    with walls_down():
        assert FeedItem.objects.get().hidden_from_patient
    dispatched()
    assert reports()[0].hidden_from_patient
    documents.share_document(cast.urgentiste, document.record_id, document.pk, shared=True)
    dispatched()
    assert reads(cast.madeleine, cast.madeleine_record, report) == (True, 2, 1)


def test_microbiology_is_read_with_its_germ(hospital, claire):
    sent(hospital, claire, URINE)

    (report,) = reports()
    assert report.headline == (
        "germe isolé : Escherichia coli, résistant à amoxicilline + acide clavulanique"
    )
    assert [row.kind for row in results_of(report)].count("susceptibility") == 2
    assert (report.total, report.out_of_range) == (4, 0)
