"""A note that a secretary writes for one physician leaves for him alone, whatever she does meanwhile."""

import pytest
from django.test import Client
from django.utils import timezone

from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.matrix import code_of
from terresante.directory.actions.delegations import DelegationEntry, give_delegation
from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel.switch_changes import change
from terresante.notes.models import Note
from terresante.notes.tests.test_kept import sent, url
from tests.access.test_acting_for import enter
from tests.cast import join, login, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def desk(cast):
    """Léa works for Dr Amar, and for Dr Roche of the same practice, who follows Madeleine too; here secretaries write
    notes of coordination.
    """
    with walls_down():
        place = Organization.objects.get(pk=cast.amar.organization_id)
        admin = professional("alix", Profession.OTHER, place, duties=["administrator"])
        lea = professional("lea", Profession.MEDICAL_SECRETARY, place)
        roche = professional("roche", Profession.DOCTOR, place)
        join(cast.madeleine_record, practitioner_id=roche.person_id)
    change(admin, code_of(RoleGroup.SECRETARY, DataClass.COORDINATION), "RW", "Notes de liaison du cabinet")
    assert lea.person_id is not None
    given = {
        one: give_delegation(
            one, entry=DelegationEntry(secretary_id=lea.person_id, starts_on=timezone.localdate())
        )
        for one in (cast.amar, roche)
    }
    return lea, roche, given


def written():
    with walls_down():
        return Note.objects.count()


@pytest.mark.parametrize("door", ["gardee", "nouvelle"])
def test_it_is_not_sent_for_another_physician_who_reaches_the_record_too(cast, desk, door):
    lea, roche, given = desk
    form = f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/"
    address = url(cast.madeleine_record).replace("gardee", door)
    for_amar, for_roche = (enter(lea, given[one]) for one in (cast.amar, roche))
    whose = f'name="principal" value="{cast.amar.person_id}"'
    assert whose in for_amar.get(form).content.decode()
    note = sent(principal=str(cast.amar.person_id), data_class="coordination")

    refused = for_roche.post(address, note)

    said = refused.json()["sentence"] if door == "gardee" else refused.content.decode()
    assert refused.status_code in (409, 422)
    assert str(cast.amar.name) in said and str(roche.name) in said and "rien n’est enregistré" in said
    assert written() == 0
    if door == "nouvelle":
        # Sent again from the same page, it is still not his.
        assert whose in said and note["text"] in said

    assert for_amar.post(address, note).status_code in (200, 302)
    assert written() == 1


def test_what_is_written_in_ones_own_name_is_sent_for_nobody(cast, desk):
    lea, _, given = desk
    with walls_down():
        join(cast.madeleine_record, practitioner_id=lea.person_id)
    own, for_amar = Client(), enter(lea, given[cast.amar])
    with walls_down():
        login(own, lea)

    refused = for_amar.post(url(cast.madeleine_record), sent(principal="", data_class="coordination"))

    assert refused.status_code == 409 and "en votre nom" in refused.json()["sentence"]
    assert written() == 0
    assert (
        own.post(url(cast.madeleine_record), sent(principal="", data_class="coordination")).status_code == 200
    )


def test_a_name_that_is_nobody_s_is_no_way_around(cast, desk):
    lea, _, given = desk
    for said in ("x", f"{cast.brun.person_id}", "<b>"):
        refused = enter(lea, given[cast.amar]).post(
            url(cast.madeleine_record), sent(principal=said, data_class="coordination")
        )
        assert refused.status_code == 409 and "un autre médecin" in refused.json()["sentence"]
    assert written() == 0
