"""« Aucune allergie connue »: a fact of its own, which an allergy ends."""

import pytest
from django.urls import reverse

from terresante.care_team.enums import Confidentiality
from terresante.health_record import queries
from terresante.health_record.actions import correct_line, judge_line
from terresante.health_record.enums import Criticality, Verification
from terresante.health_record.models import AllergyIntolerance
from terresante.health_record.said import NO_KNOWN_ALLERGY
from terresante.health_record.tests.factories import added, allergy, declared
from terresante.kernel import rls
from terresante.kernel.errors import Conflict
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def in_force(actor, record):
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        return [line.label for line in queries.allergies_in_force(actor, record.patient_id)]


def test_nobody_allergic_is_said_signed_and_refuted_by_the_first_allergy(cast):
    line = added(cast.amar, cast.madeleine_record, NO_KNOWN_ALLERGY)
    assert in_force(cast.ines, cast.madeleine_record) == ["Aucune allergie connue"]
    with pytest.raises(Conflict):
        correct_line(cast.amar, line.record_id, line.pk, said=allergy("Iode"))

    added(cast.ines, cast.madeleine_record, allergy("Iode"))

    assert in_force(cast.ines, cast.madeleine_record) == ["Iode"]
    with walls_down():
        newest = AllergyIntolerance.objects.get(set_id=line.set_id, is_current=True)
    assert (newest.verification_status, newest.author_id) == (Verification.REFUTED, cast.ines.person_id)


def test_it_is_not_said_over_an_allergy(cast):
    line = added(cast.amar, cast.madeleine_record, allergy("Iode"))
    with pytest.raises(Conflict, match="infirmez-la"):
        added(cast.amar, cast.madeleine_record, NO_KNOWN_ALLERGY)

    refuted = Verification.REFUTED
    judge_line(cast.amar, line.record_id, line.pk, model=AllergyIntolerance, verdict=refuted, reason="Test")
    added(cast.amar, cast.madeleine_record, NO_KNOWN_ALLERGY)

    assert in_force(cast.amar, cast.madeleine_record) == ["Aucune allergie connue"]


def test_what_the_person_declares_contradicts_it_at_once(cast):
    added(cast.amar, cast.madeleine_record, NO_KNOWN_ALLERGY)
    declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))

    assert in_force(cast.amar, cast.madeleine_record) == ["Arachide"]


def test_an_allergy_kept_to_fewer_tells_nothing_to_the_others(cast):
    added(cast.amar, cast.madeleine_record, NO_KNOWN_ALLERGY)
    added(cast.amar, cast.madeleine_record, allergy("Iode"), level=Confidentiality.MYSELF)

    assert in_force(cast.amar, cast.madeleine_record) == ["Iode"]
    assert in_force(cast.ines, cast.madeleine_record) == ["Aucune allergie connue"]


def test_allergies_that_may_kill_come_first(cast):
    for substance, gravity in (
        ("Acariens", Criticality.LOW),
        ("Latex", Criticality.UNABLE_TO_ASSESS),
        ("Pénicilline", Criticality.HIGH),
    ):
        added(cast.amar, cast.madeleine_record, allergy(substance, criticality=gravity))

    assert in_force(cast.ines, cast.madeleine_record) == ["Pénicilline", "Latex", "Acariens"]


def test_a_button_of_the_page_says_it(client, cast):
    login(client, cast.amar)
    page = reverse("health_record:summary", args=[cast.madeleine_record.pk])
    assert "aucune allergie connue" in client.get(page).content.decode()

    client.post(reverse("health_record:no_allergy", args=[cast.madeleine_record.pk]))

    assert "Aucune allergie connue" in client.get(page).content.decode()
