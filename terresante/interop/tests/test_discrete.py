"""Results that come one by one, without a document: filed, completed, corrected, taken back, as their sender says."""

import pytest
from django.utils import timezone

from simulators.hospital.messages import Authority
from simulators.laboratory.reports import discrete
from terresante.feed.models import FeedItem
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_results import reads
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.results.tests.factories import blood, reports, results_of, sugar
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def send(sender, raw):
    codes = wire.receive(sender, raw)
    wire.apply()
    return codes


def oru(person, *chapters, control_id="Z1", **changes):
    return discrete(person, control_id=control_id, at=timezone.now(), chapters=chapters, **changes)


def test_results_without_a_document_are_filed_as_a_report(cast, hospital, claire):
    assert send(hospital, oru(claire, blood(), sugar())) == ["AA"]

    assert wire.states() == [("applied", "results_filed")]
    (report,) = reports()
    assert (report.document_id, report.sender_identifier) == (None, "R1")
    assert (report.chapters, report.total, report.out_of_range) == ("Hématologie, Biochimie", 3, 1)
    assert papers.filed() == []
    with walls_down():
        told, trail = FeedItem.objects.get(), AuditEntry.objects.get(action="result.write", outcome="done")
        events = list(OutboxEvent.objects.values_list("kind", flat=True))
    assert (told.kind, told.object_id, trail.object_id) == ("result", report.pk, report.pk)
    assert events.count("ResultsFiled") == 1


def test_an_oru_of_two_patients_is_refused_whole(cast, hospital, claire):
    """HL7 lets an ORU repeat its patient: the results of the second would stand in the record of the first."""
    leon = papers.whose(cast.leon_record, ipp="P2")
    second = b"PID|" + oru(leon, sugar()).partition(b"\rPID|")[2]

    assert send(hospital, oru(claire, blood()) + second) == ["AE"]
    assert (reports(), wire.states()) == ([], [("refused", "not_accepted")])


def test_they_are_read_by_the_circle_and_the_person_and_by_no_other_doctor(cast, hospital, claire):
    send(hospital, oru(claire, blood()))
    (report,) = reports()

    assert reads(cast.amar, cast.madeleine_record, report) == (True, 2, 1)
    assert reads(cast.madeleine, cast.madeleine_record, report) == (True, 2, 1)
    assert reads(cast.brun, cast.madeleine_record, report) == (False, 0, 0)
    assert reads(cast.samira, cast.madeleine_record, report) == (False, 0, 0)


def test_what_is_hidden_from_the_person_is_hidden_without_a_document_too(cast, hospital, claire):
    hidden = b"OBX|9|CE|INVISIBLE_PATIENT^x^MetaDMPMSS||Y||||||F\r"
    send(hospital, oru(claire, blood()) + hidden)
    (report,) = reports()

    assert reads(cast.madeleine, cast.madeleine_record, report) == (False, 0, 0)
    assert reads(cast.ines, cast.madeleine_record, report) == (True, 2, 1)


@pytest.mark.parametrize(
    ("told", "kept_from"),
    [("INVISIBLE_PATIENT", ["madeleine"]), ("MASQUE_PS", ["madeleine", "amar", "ines"])],
)
def test_what_a_correction_hides_is_read_in_no_report_before(cast, hospital, claire, told, kept_from):
    send(hospital, oru(claire, blood("98")))
    hidden = f"OBX|9|CE|{told}^x^MetaDMPMSS||Y||||||F\r".encode()
    send(hospital, oru(claire, blood("89"), control_id="Z2", status="C") + hidden)

    before, after = reports()
    assert (before.status, after.replaces_id) == ("superseded", before.pk)
    for name in ("madeleine", "amar", "ines"):
        for report in (before, after):
            is_read = reads(cast.actors[name], cast.madeleine_record, report)[0]
            assert is_read is (name not in kept_from), (name, report.status)


def test_a_correction_replaces_what_it_gives_and_keeps_the_rest(hospital, claire):
    send(hospital, oru(claire, blood("98"), sugar()))
    send(hospital, oru(claire, sugar("5.4"), control_id="Z2", status="C"))

    before, after = reports()
    assert (before.status, after.status, after.replaces_id) == ("superseded", "corrected", before.pk)
    assert [row.text for row in results_of(after)] == ["98", "6.4", "5.4"]
    assert wire.states()[1] == ("applied", "results_replaced")
    with walls_down():
        assert FeedItem.objects.get().object_id == after.pk


def test_a_partial_report_is_completed(hospital, claire):
    send(hospital, oru(claire, blood("98"), status="P"))
    send(hospital, oru(claire, sugar(), control_id="Z2"))

    before, after = reports()
    assert (before.status, after.status, after.total) == ("superseded", "final", 3)


def test_results_all_taken_back_leave_no_report_in_force(cast, hospital, claire):
    send(hospital, oru(claire, blood()))
    send(hospital, oru(claire, blood(), control_id="Z2", status="D"))

    (report,) = reports()
    assert report.status == "entered-in-error"
    assert wire.states()[1] == ("applied", "results_withdrawn")
    assert reads(cast.amar, cast.madeleine_record, report)[2] == 0
    with walls_down():
        assert not FeedItem.objects.exists()


def test_taking_back_what_never_came_changes_nothing(hospital, claire):
    send(hospital, oru(claire, blood(), status="D"))

    assert wire.states() == [("ignored", "results_unknown")] and reports() == []


def test_another_laboratory_corrects_nothing_under_the_same_number(cast, hospital, claire):
    other = wire.connect("Laboratoire des Lilas", authority="770000333", port=21002, kind="laboratory")
    wire.know(cast.madeleine_record, other)
    theirs = papers.whose(cast.madeleine_record, authority=Authority("LILAS", "770000333", "N"))
    send(hospital, oru(claire, blood("98")))
    send(other, oru(theirs, blood("99"), control_id="Z2", status="C"))
    send(other, oru(theirs, blood("99"), control_id="Z3", status="D"))

    assert sorted(report.status for report in reports()) == ["entered-in-error", "final"]


def test_the_page_says_that_there_is_no_report_to_download(client, cast, hospital, claire):
    send(hospital, oru(claire, blood()))
    (report,) = reports()
    login(client, cast.amar)

    shown = client.get(f"/dossiers/{report.record_id}/resultats/{report.pk}/").content.decode()

    assert "gardé tel qu’il est arrivé" in shown and "Lire le document d’origine" not in shown
    assert "n° DR1" in shown
