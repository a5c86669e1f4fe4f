"""A line of health integrated from a letter that leaves its circle since stays, and tells of the letter no more."""

import pytest
from django.db import connection
from django.test import Client

from terresante.care_team.queries import open_record
from terresante.documents.models import DocumentReference
from terresante.health_record.access import HEALTH_READ
from terresante.health_record.models import AllergyIntolerance, MedicationStatement
from terresante.health_record.offered_actions import integrate_offer
from terresante.health_record.tests.factories import added, treatment
from terresante.interop.tests import papers
from terresante.interop.tests.test_following_stays import ENDS, reports_of, sent
from terresante.interop.tests.test_offering import letter, waiting
from terresante.kernel import access, rls
from terresante.kernel.errors import NotFound
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

__all__ = ["reports_of"]
ORDINARY = "Dr Paul MARTEL, Hôpital Saint-Martin"


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def told(actor, record, model=AllergyIntolerance):
    """Through the rule, then by plain SQL: what each line names as its origin."""
    with rls.acting(actor):
        try:
            patient_id = open_record(actor, record.pk).patient.pk
        except NotFound:
            return [], []
        lines = access.list(actor, HEALTH_READ, model).filter(patient_id=patient_id, is_current=True)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT asserted_by_name, reason FROM {model._meta.db_table} WHERE is_current")  # noqa: S608
            return [line.asserted_by_name for line in lines], cursor.fetchall()


def page(actor, record, line):
    client = Client()
    with walls_down():
        login(client, actor)
    return client.get(f"/dossiers/{record.pk}/sante/allergies/{line.pk}/")


@pytest.mark.parametrize("end", ENDS)
def test_the_line_stays_and_names_its_letter_no_more_until_it_comes_back(
    cast, hospital, claire, reports_of, end
):
    away, back = ENDS[end]
    record = cast.madeleine_record
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", letter(claire)))
    line = integrate_offer(cast.amar, record.pk, waiting(cast.amar, record)[0].offer.pk)
    assert told(cast.ines, record) == ([ORDINARY], [(ORDINARY, "")])

    reports_of(*away)

    for reader in (cast.amar, cast.ines):
        assert told(reader, record) == (["une structure de soins"], [("une structure de soins", "")])
        shown = page(reader, record, line).content.decode()
        assert "Pénicilline" in shown and "n’est pas lisible ici" in shown
        assert "MARTEL" not in shown and "Saint-Martin" not in shown
    assert told(cast.brun, record) == ([], [])
    assert page(cast.brun, record, line).status_code == 404

    reports_of(*back)

    assert told(cast.ines, record) == ([ORDINARY], [(ORDINARY, "")])


def test_a_line_that_a_masked_letter_brought_up_to_date_keeps_its_origin_and_names_it_no_more(
    cast, hospital, claire, reports_of
):
    record = cast.madeleine_record
    old = added(cast.ines, record, treatment("Furosémide 40 mg"))
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", letter(claire)))
    offer = next(one.offer for one in waiting(cast.ines, record) if one.line.label == "Furosémide 40 mg")
    integrate_offer(cast.ines, record.pk, offer.pk, line_id=old.pk)
    assert ORDINARY in told(cast.amar, record, MedicationStatement)[1][0][1]

    reports_of(*ENDS["restricted"][0])

    assert told(cast.amar, record, MedicationStatement) == (
        [old.asserted_by_name],
        [(old.asserted_by_name, "D’après un document reçu")],
    )


def test_what_is_hidden_from_the_person_since_is_hidden_in_its_lines_too(cast, hospital, claire):
    record = cast.madeleine_record
    sent(hospital, papers.mdm(claire, "T02", letter(claire)))
    integrate_offer(cast.amar, record.pk, waiting(cast.amar, record)[0].offer.pk)
    assert told(cast.madeleine, record) == ([ORDINARY], [(ORDINARY, "")])

    hidden = letter(claire, "2", replaces="1.2.250.1.999.9.1", confidentiality="INVISIBLE_PATIENT")
    sent(hospital, papers.mdm(claire, "T10", hidden, control_id="D2"))

    assert told(cast.madeleine, record) == ([], [])
    assert told(cast.amar, record) == ([ORDINARY], [(ORDINARY, "")])


def test_a_line_brought_up_to_date_by_another_letter_names_the_first_one_or_nobody(
    cast, hospital, claire, reports_of
):
    """The version in force comes from the second letter: it went on naming the author of the one kept away, and took
    the name of the second one's when the readers of that one changed.
    """
    record = cast.madeleine_record
    reports_of("A01")
    sent(hospital, papers.mdm(claire, "T02", letter(claire)))
    offers = {one.line.label: one.offer for one in waiting(cast.ines, record)}
    line = integrate_offer(cast.ines, record.pk, offers["Furosémide 40 mg"].pk)
    sent(hospital, papers.mdm(claire, "T02", letter(claire, "2"), control_id="D2"), visit=b"PV1|1|N")
    second = DocumentReference.objects.exclude(pk=offers["Furosémide 40 mg"].document_id)
    with walls_down():
        second.update(written_by="Dr Zoé PETIT")
    offers = {one.line.label: one.offer for one in waiting(cast.ines, record)}
    integrate_offer(cast.ines, record.pk, offers["Bisoprolol 2,5 mg"].pk, line_id=line.pk)
    assert told(cast.amar, record, MedicationStatement)[0] == [ORDINARY]

    reports_of(*ENDS["restricted"][0])
    ((name, reason),) = told(cast.amar, record, MedicationStatement)[1]
    assert name == "une structure de soins" and "Dr Zoé PETIT" in reason

    reports_of(*ENDS["restricted"][1])
    with walls_down():
        second.update(hidden_from_patient=True, hidden_from_representative=True)
    assert told(cast.amar, record, MedicationStatement)[0] == [ORDINARY]
    assert told(cast.madeleine, record, MedicationStatement) == ([], [])
