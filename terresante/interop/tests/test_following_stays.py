"""What was sent of a stay before it left its circle, restricted or taken back, leaves and comes back with it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from simulators.laboratory.reports import discrete
from simulators.partner.resources import document_reference
from terresante.care_team.queries import open_record
from terresante.care_team.queries.log import accesses_of
from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.feed.access import FEED_READ
from terresante.feed.models import FeedItem
from terresante.interop.cda.tests import letters
from terresante.interop.fhir.tests import stage
from terresante.interop.hl7v2.tests.messages import PV1, ZBE
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_results import reads as reads_results
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.results.tests.factories import blood, cr_bio, reports
from terresante.stays.models import Encounter
from tests.walls import walls_down

pytestmark = pytest.mark.commits

MOVED = ZBE.replace("MV1^", "MV2^").replace("Cardio", "Psychiatrie").replace("4411", "6001")
# (trigger, ZBE) of what takes the stay from the circle, then of what gives it back.
ENDS = {
    "restricted": (("A02", MOVED), ("A12", MOVED.replace("INSERT", "CANCEL"))),
    "taken back": (("A11", ZBE.replace("INSERT", "CANCEL")), ("A01", ZBE)),
}
OF_STAY = PV1.encode()


@pytest.fixture
def claire(cast, hospital, madeleine):
    """Known to the hospital under P1."""
    return papers.whose(cast.madeleine_record)


@pytest.fixture
def reports_of(hospital, madeleine):
    """The hospital reports one movement after another, a minute apart."""
    moments = iter(range(100))
    began = timezone.now() - timedelta(hours=3)

    def report(trigger, zbe=ZBE, **changes):
        number = next(moments)
        at = began + timedelta(minutes=number)
        told = {"pid": madeleine, "zbe": zbe, "at": at, "control_id": f"S{number}"} | changes
        codes = wire.receive(hospital, wire.stamped(trigger, **told))
        wire.apply()
        return codes

    return report


def sent(hospital, raw, *, visit=OF_STAY):
    wire.receive(hospital, raw.replace(b"PV1|1|N", visit))
    wire.apply()
    wire.apply()


def reads(actor, record, document):
    """Through the rule, then as a line of the feed, then by plain SQL."""
    with rls.acting(actor):
        try:
            patient_id = open_record(actor, record.pk).patient.pk
        except NotFound:
            return (False, False, False)
        told = access.list(actor, FEED_READ, FeedItem).filter(patient_id=patient_id, object_id=document.pk)
        found = access.list(actor, DOCUMENT_READ, DocumentReference).filter(pk=document.pk)
        return found.exists(), told.exists(), DocumentReference.objects.filter(pk=document.pk).exists()


YES, NO = (True, True, True), (False, False, False)


def log_lines(cast, name):
    actor = cast.actors[name]
    with rls.acting(actor):
        rls.open_record(cast.madeleine_record.patient_id)
        page = accesses_of(actor, cast.madeleine_record.patient_id)
    return sorted(code for line in page.lines for code in line.codes)


def told(kind):
    with walls_down():
        return [restore(row) for row in OutboxEvent.objects.filter(kind=kind).order_by("created_at", "id")]


@pytest.mark.parametrize("end", ENDS)
def test_a_letter_leaves_with_its_stay_and_comes_back_with_it(cast, hospital, claire, reports_of, end):
    away, back = ENDS[end]
    record = cast.madeleine_record
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    (letter,) = papers.filed()
    assert reads(cast.amar, record, letter) == reads(cast.madeleine, record, letter) == YES
    before = log_lines(cast, "amar")

    assert reports_of(*away) == ["AA"]

    (kept,) = papers.filed()
    assert (kept.private_to_id, kept.is_kept_with_stay) == (hospital.organization_id, True)
    # A physician of the circle, the nurse, the person herself, and a physician with patients of his own.
    for name in ("amar", "ines", "madeleine", "brun"):
        assert reads(cast.actors[name], record, letter) == NO, name
    assert log_lines(cast, "amar") == before
    (event,) = told("DocumentChanged")
    with rls.acting(Actor.job("live"), read_only=True):
        (readers,) = ports.live_readers([event], [cast.amar, cast.brun])
    assert readers == {cast.amar.correlation_id}
    with walls_down():
        trail = AuditEntry.objects.get(action="document.replace", outcome="done")
    assert (trail.object_id, trail.detail["private_to"]) == (letter.pk, str(hospital.organization_id))

    reports_of(*back)

    assert reads(cast.amar, record, letter) == reads(cast.madeleine, record, letter) == YES
    assert reads(cast.brun, record, letter) == NO
    assert log_lines(cast, "amar") == before
    with walls_down():
        assert Encounter.objects.get().status == "in-progress"


@pytest.mark.parametrize("end", ENDS)
def test_results_given_one_by_one_leave_with_their_stay(cast, hospital, claire, reports_of, end):
    away, back = ENDS[end]
    record = cast.madeleine_record
    reports_of("A01")
    raw = discrete(claire, control_id="Z1", at=timezone.now(), chapters=(blood(),))
    sent(hospital, raw)
    (report,) = reports()
    assert reads_results(cast.amar, record, report) == (True, 2, 1)

    reports_of(*away)

    for name in ("amar", "madeleine", "brun"):
        assert reads_results(cast.actors[name], record, report) == (False, 0, 0), name
    with walls_down():
        fact = FeedItem.objects.get(object_id=report.pk)
        assert fact.private_to_id == hospital.organization_id
    assert len(told("ResultsChanged")) == 1

    reports_of(*back)

    assert reads_results(cast.amar, record, report) == (True, 2, 1)


def test_a_letter_that_came_before_its_stay_is_no_more_read_than_the_stay(cast, hospital, claire, reports_of):
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    (letter,) = papers.filed()
    assert reads(cast.amar, cast.madeleine_record, letter) == YES

    reports_of("A01", ZBE.replace("Cardio", "Psychiatrie").replace("4411", "6001"))

    assert reads(cast.amar, cast.madeleine_record, letter) == NO


def with_visit(raw, number="V1"):
    """In the header of the document (componentOf)."""
    told = f'<componentOf><encompassingEncounter><id root="1.2.250.1.999.2" extension="{number}"/>'
    return raw.replace(b"<componentOf><encompassingEncounter>", told.encode())


def test_a_letter_that_names_its_stay_by_itself_alone_is_kept_with_it(cast, hospital, claire, reports_of):
    """Its message says no visit (PV1-2 N), as those that carry a document often do."""
    reports_of("A01")
    reports_of("A02", MOVED)
    raw = with_visit(papers.letter(claire, stay=(letters.AT, letters.AT)))

    sent(hospital, papers.mdm(claire, "T02", raw), visit=b"PV1|1|N")

    (letter,) = papers.filed()
    assert (letter.visit_number, letter.is_kept_with_stay) == ("V1", True)
    assert reads(cast.amar, cast.madeleine_record, letter) == NO
    reports_of("A12", MOVED.replace("INSERT", "CANCEL"))
    assert reads(cast.amar, cast.madeleine_record, letter) == YES
    assert reads(cast.brun, cast.madeleine_record, letter) == NO


def test_a_letter_of_another_visit_stays_where_it_is(cast, hospital, claire, reports_of):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)), visit=OF_STAY.replace(b"V1^", b"V2^"))
    (letter,) = papers.filed()

    reports_of("A02", MOVED)

    assert reads(cast.amar, cast.madeleine_record, letter) == YES


def test_a_correction_that_does_not_name_the_stay_again_is_kept_with_it(cast, hospital, claire, reports_of):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    reports_of("A02", MOVED)

    corrected = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")
    sent(hospital, papers.mdm(claire, "T10", corrected, control_id="D2"), visit=b"PV1|1|N")

    before, after = papers.filed()
    assert (before.status, after.status, after.replaces_id) == ("superseded", "current", before.pk)
    for version in (before, after):
        assert reads(cast.amar, cast.madeleine_record, version) == NO
    reports_of("A12", MOVED.replace("INSERT", "CANCEL"))
    assert reads(cast.amar, cast.madeleine_record, after) == YES


def with_account(raw):
    """PID-18."""
    return b"\r".join(
        b"|".join([*(line.split(b"|") + [b""] * 19)[:18], b"A1"]) if line.startswith(b"PID|") else line
        for line in raw.split(b"\r")
    )


def test_a_correction_says_the_account_that_its_letter_did_not(cast, hospital, claire):
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)), visit=b"PV1|1|N")
    corrected = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")

    sent(hospital, with_account(papers.mdm(claire, "T10", corrected, control_id="D2")), visit=b"PV1|1|N")

    assert [one.visit_number for one in papers.filed()] == ["", "dossier A1"]


def test_an_account_beside_a_correction_names_no_other_stay(cast, hospital, claire, reports_of):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    reports_of("A02", MOVED)
    corrected = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")

    sent(hospital, with_account(papers.mdm(claire, "T10", corrected, control_id="D2")), visit=b"PV1|1|N")

    before, after = papers.filed()
    assert (after.replaces_id, after.visit_number) == (before.pk, before.visit_number)
    assert reads(cast.amar, cast.madeleine_record, after) == NO


def test_a_masked_letter_that_is_shown_again_is_no_more_read_than_its_stay(
    cast, hospital, claire, reports_of
):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire), told={"MASQUE_PS": "Y"}))
    reports_of("A02", MOVED)
    shown = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")

    sent(hospital, papers.mdm(claire, "T10", shown, control_id="D2"), visit=b"PV1|1|N")

    assert reads(cast.amar, cast.madeleine_record, papers.filed()[-1]) == NO
    reports_of("A12", MOVED.replace("INSERT", "CANCEL"))
    assert reads(cast.amar, cast.madeleine_record, papers.filed()[-1]) == YES


def test_the_results_of_a_letter_that_came_in_secret_come_back_with_it(cast, hospital, claire, reports_of):
    reports_of("A01")
    reports_of("A02", MOVED)
    sent(hospital, papers.oru(claire, cr_bio(claire, blood()), control_id="R1"))
    (report,) = reports()
    for name in ("amar", "madeleine", "brun"):
        assert reads_results(cast.actors[name], cast.madeleine_record, report) == (False, 0, 0), name
    with walls_down():
        trail = AuditEntry.objects.get(action="result.write", outcome="done")
    assert trail.detail["private_to"] == str(hospital.organization_id)

    reports_of("A12", MOVED.replace("INSERT", "CANCEL"))

    assert reads_results(cast.amar, cast.madeleine_record, report) == (True, 2, 1)
    assert reads_results(cast.brun, cast.madeleine_record, report) == (False, 0, 0)


def test_what_its_sender_masks_stays_masked_when_the_stay_comes_back(cast, hospital, claire, reports_of):
    reports_of("A01")
    masked = papers.mdm(claire, "T02", papers.letter(claire), told={"MASQUE_PS": "Y"})
    sent(hospital, masked)
    reports_of("A02", MOVED)
    reports_of("A12", MOVED.replace("INSERT", "CANCEL"))

    (letter,) = papers.filed()
    assert (letter.private_to_id, letter.is_kept_with_stay) == (hospital.organization_id, False)
    assert reads(cast.amar, cast.madeleine_record, letter) == NO


def test_a_letter_that_comes_by_fhir_is_no_more_read_than_its_stay(cast, madeleine):
    """The same hospital sends its movements by one door and its letters by another."""
    application = stage.ready(cast)
    practice = wire.connect("Cabinet des Lilas", authority="750000999", port=21009)
    wire.know(cast.madeleine_record, practice)
    parts = PV1.split("|")
    parts[16] = "Y"
    pid = madeleine.replace("750000222", "750000999")
    wire.receive(practice, wire.stamped("A01", pid=pid, pv1="|".join(parts)))
    wire.apply()
    resource = document_reference(stage.paper(cast))
    resource["context"]["encounter"] = [{"identifier": {"value": "V1"}}]
    person = stage.madeleine(cast)
    raw = with_visit(papers.letter(person, stay=(letters.AT, letters.AT)))
    alone = replace(stage.letter(cast), content=raw)

    assert application.post(resource).status == application.post(document_reference(alone)).status == 201

    assert [(letter.visit_number, letter.is_kept_with_stay) for letter in papers.filed()] == [
        ("V1", True)
    ] * 2


CHANGE = "UPDATE documents_documentreference SET private_to_id = %s, is_kept_with_stay = %s WHERE id = %s"


@pytest.mark.parametrize("kept", [True, False])
def test_nobody_but_its_sender_keeps_a_letter_with_its_stay_and_nothing_else(
    cast, hospital, claire, reports_of, kept
):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    (letter,) = papers.filed()
    another = wire.connect("Clinique du Canal", authority="750000333", port=21002)
    wire.know(cast.madeleine_record, another)
    own = hospital.organization_id

    for actor, structure in (
        (cast.amar, cast.amar.organization_id),
        (cast.amar, own),
        (_gateway(another), another.organization_id),
        (_gateway(another), own),
        (_gateway(hospital), another.organization_id),
        *([(_gateway(hospital), None)] if kept else []),
    ):
        with pytest.raises(DatabaseError, match=r"kept with its stay|row-level security"):
            _change(actor, letter, structure, kept=kept)


def test_what_its_sender_masked_since_is_masked_for_good(cast, hospital, claire, reports_of):
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", papers.letter(claire)))
    (letter,) = papers.filed()

    _change(_gateway(hospital), letter, hospital.organization_id, kept=False)

    for structure, kept in ((None, False), (hospital.organization_id, True)):
        with pytest.raises(DatabaseError, match="kept with its stay"):
            _change(_gateway(hospital), letter, structure, kept=kept)


def _change(actor, letter, structure, *, kept):
    with rls.acting(actor):
        rls.open_record(letter.patient_id)
        with connection.cursor() as cursor:
            cursor.execute(CHANGE, [structure, kept, letter.pk])
            assert cursor.rowcount


def _gateway(sender):
    return Actor(kind=ActorKind.GATEWAY, name=sender.name, organization_id=sender.organization_id)
