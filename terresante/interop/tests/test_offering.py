"""From a letter that comes by the wire to lines of the record: offered, never merged silently (MISSION J7)."""

import pytest

from terresante.documents.models import DocumentReference
from terresante.health_record import offered_queries
from terresante.health_record.enums import Origin, Verification
from terresante.health_record.models import (
    AllergyIntolerance,
    Condition,
    Immunization,
    MedicationStatement,
    OfferedLine,
)
from terresante.health_record.offered_actions import integrate_offer, put_offer_aside
from terresante.health_record.tests.factories import added, allergy, treatment
from terresante.interop.cda.tests import coded
from terresante.interop.tests import papers, wire
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits
ALLERGY_AND_DRUGS = (coded.ALLERGIES, coded.STOPPED, coded.AT_DISCHARGE)


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def letter(person, number="1", *sections, **changes):
    return papers.letter(person, number, passages=coded.passages(*(sections or ALLERGY_AND_DRUGS)), **changes)


def send(sender, *messages):
    codes = wire.receive(sender, *messages)
    wire.apply()
    assert set(codes) == {"AA"}


def waiting(actor, record):
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        return offered_queries.waiting(actor, record.patient_id)[0]


def named(actor, record):
    return [one.line.label for one in waiting(actor, record)]


def test_what_a_letter_says_in_codes_is_offered_and_enters_nothing(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", *coded.EVERY), code="11490-0"))

    assert named(cast.amar, cast.madeleine_record) == [
        "Pénicilline",
        "Ibuprofène 400 mg",
        "Furosémide 40 mg",
        "Bisoprolol 2,5 mg",
        "Insuffisance cardiaque",
        "Grippe",
    ]
    with walls_down():
        for model in (AllergyIntolerance, MedicationStatement, Condition, Immunization):
            assert not model.objects.exists()
        trail = AuditEntry.objects.get(action="health.offer")
    assert (trail.actor_kind, trail.detail["lines"]) == ("gateway", 7)


def test_a_letter_without_codes_offers_nothing(cast, hospital, claire):
    send(hospital, papers.oru(claire, papers.letter(claire)))

    with walls_down():
        assert DocumentReference.objects.count() == 1 and not OfferedLine.objects.exists()


def test_integrated_it_is_said_by_its_document_and_vouched_for_by_who_integrates(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire)))
    first = waiting(cast.ines, cast.madeleine_record)[0]

    line = integrate_offer(cast.ines, cast.madeleine_record.pk, first.offer.pk)

    assert (line.label, line.origin, line.verification_status) == (
        "Pénicilline",
        Origin.DOCUMENT,
        Verification.CONFIRMED,
    )
    assert line.asserted_by_name == "Dr Paul MARTEL, Hôpital Saint-Martin"
    assert (line.author_id, line.source_id) == (cast.ines.person_id, first.offer.document_id)
    assert line.asserted_at.date() == first.offer.document.dated_on
    assert "Pénicilline" not in named(cast.ines, cast.madeleine_record)
    with pytest.raises(Conflict):
        integrate_offer(cast.ines, cast.madeleine_record.pk, first.offer.pk)
    with walls_down():
        assert AllergyIntolerance.objects.count() == 1
        assert AuditEntry.objects.filter(action="health.integrate").count() == 1


def test_put_aside_needs_a_reason_and_does_not_come_back_by_another_document(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire)))
    first = waiting(cast.amar, cast.madeleine_record)[0]
    with pytest.raises(Invalid):
        put_offer_aside(cast.amar, cast.madeleine_record.pk, first.offer.pk, reason="  ")

    put_offer_aside(cast.amar, cast.madeleine_record.pk, first.offer.pk, reason="Test cutané négatif")
    send(hospital, papers.oru(claire, letter(claire, "2"), control_id="D2"))

    assert named(cast.amar, cast.madeleine_record) == [
        "Ibuprofène 400 mg",
        "Furosémide 40 mg",
        "Bisoprolol 2,5 mg",
    ]
    with walls_down():
        assert not AllergyIntolerance.objects.exists()


def test_the_same_fact_of_two_documents_is_offered_once(cast, hospital, claire):
    send(
        hospital,
        papers.oru(claire, letter(claire)),
        papers.oru(claire, letter(claire, "2"), control_id="D2"),
    )
    wire.apply()

    assert len(waiting(cast.amar, cast.madeleine_record)) == 4
    with rls.acting(cast.amar):
        rls.open_record(cast.madeleine_record.patient_id)
        assert offered_queries.count_waiting(cast.amar, cast.madeleine_record.patient_id) == 4


def test_a_new_version_and_a_withdrawal_change_what_waits(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire)))
    send(
        hospital,
        papers.mdm(
            claire,
            "T10",
            letter(claire, "2", coded.VACCINES, replaces="1.2.250.1.999.9.1"),
            control_id="D2",
        ),
    )
    assert named(cast.amar, cast.madeleine_record) == ["Grippe"]

    offer = waiting(cast.amar, cast.madeleine_record)[0].offer
    send(hospital, papers.mdm(claire, "T04", letter(claire, "2", coded.VACCINES), control_id="D3"))

    assert named(cast.amar, cast.madeleine_record) == []
    with pytest.raises((Conflict, NotFound)):
        integrate_offer(cast.amar, cast.madeleine_record.pk, offer.pk)


def test_what_the_record_says_already_stands_beside(cast, hospital, claire):
    known = added(cast.amar, cast.madeleine_record, allergy("Pénicilline"))
    old = added(cast.amar, cast.madeleine_record, treatment("Furosémide 20 mg", dosage="1 le matin"))
    send(hospital, papers.oru(claire, letter(claire)))

    penicillin, _, furosemide, bisoprolol = waiting(cast.amar, cast.madeleine_record)

    assert penicillin.same.pk == known.pk
    assert (furosemide.same, [line.pk for line in furosemide.close]) == (None, [old.pk])
    assert furosemide.may_update.pk == old.pk
    assert (bisoprolol.same, bisoprolol.close) == (None, [])


def test_a_line_is_brought_up_to_date_by_a_document_and_keeps_its_history(cast, hospital, claire):
    old = added(cast.amar, cast.madeleine_record, treatment("Furosémide 20 mg"))
    send(hospital, papers.oru(claire, letter(claire)))
    furosemide = waiting(cast.amar, cast.madeleine_record)[2]

    newest = integrate_offer(cast.ines, old.record_id, furosemide.offer.pk, line_id=old.pk)

    assert (newest.label, newest.version, newest.set_id) == ("Furosémide 40 mg", 2, old.pk)
    assert newest.source_id == furosemide.offer.document_id
    assert newest.reason.startswith("D’après « Lettre de liaison »")
    with walls_down():
        assert MedicationStatement.objects.filter(is_current=True).count() == 1


def test_only_who_writes_medical_data_in_this_circle_settles_what_waits(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire)))
    offer = waiting(cast.amar, cast.madeleine_record)[0].offer

    for name, actor in cast.actors.items():
        if name in ("amar", "ines"):
            continue
        for act in (
            lambda actor=actor: integrate_offer(actor, cast.madeleine_record.pk, offer.pk),
            lambda actor=actor: put_offer_aside(actor, cast.madeleine_record.pk, offer.pk, reason="Non"),
        ):
            with pytest.raises((Refused, NotFound)):
                act()
    # A doctor who has his own patients, through his own record.
    with pytest.raises(NotFound):
        integrate_offer(cast.brun, cast.leon_record.pk, offer.pk)
    with walls_down():
        assert OfferedLine.objects.get(pk=offer.pk).state == "waiting"
        assert not AllergyIntolerance.objects.exists()


def test_what_the_sender_masks_is_offered_to_nobody_outside_its_structure(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire), told={"MASQUE_PS": "Y"}))

    assert named(cast.amar, cast.madeleine_record) == []
    with walls_down():
        assert OfferedLine.objects.count() == 4


def test_a_line_is_read_by_no_more_than_its_document(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire), told={"INVISIBLE_PATIENT": "Y"}))
    offer = waiting(cast.amar, cast.madeleine_record)[0].offer

    line = integrate_offer(cast.amar, cast.madeleine_record.pk, offer.pk)

    assert line.hidden_from_patient and line.hidden_from_representative


def test_an_entry_that_can_be_no_line_is_left_out_and_the_document_is_filed(cast, hospital, claire):
    future = (
        "11369-6",
        "Vaccinations",
        ("Vaccin", "Fait le"),
        [("Grippe", "14/10/2199"), ("Tétanos", "14/10/2019")],
    )
    send(hospital, papers.oru(claire, letter(claire, "1", future)))

    assert wire.states() == [("applied", "document_filed")]
    assert named(cast.amar, cast.madeleine_record) == ["Tétanos"]
