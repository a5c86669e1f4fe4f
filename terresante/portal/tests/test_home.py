"""The first page of a person: what waits, where to go, and nothing that the pages behind it would refuse."""

import pytest
from django.urls import reverse

from terresante.care_team import actions as team
from terresante.care_team.enums import Confidentiality
from terresante.care_team.models import CareTeamParticipant
from terresante.documents.tests.factories import filed
from terresante.notes.tests.factories import published
from terresante.patients.enums import DelegationBasis
from tests.cast import login, represented_by
from tests.costs import queries_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits
BEHIND = ("circle", "documents", "notes", "health", "emergency_sheet", "accesses", "choices")


def home(client, actor):
    login(client, actor)
    return client.get(reverse("portal:home"))


def ways(page):
    """Of the page itself: the bar leads elsewhere too."""
    text = page.content.decode().split("<main")[1].split("</main")[0]
    return {name for name in BEHIND if f'href="{reverse(f"portal:{name}")}"' in text}


def test_it_says_the_latest_of_what_she_reads_and_leads_to_each_of_her_pages(client, cast):
    published(cast.ines, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
    published(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE)
    filed(cast.amar, cast.madeleine_record, "Lettre montrée", level=Confidentiality.CIRCLE_AND_PATIENT)
    filed(cast.amar, cast.madeleine_record, "Lettre cachée", level=Confidentiality.CIRCLE)
    filed(cast.brun, cast.leon_record, "Lettre de Léon", level=Confidentiality.CIRCLE_AND_PATIENT)

    page = home(client, cast.madeleine)

    text = page.content.decode()
    assert "Le dernier : Lettre montrée" in text.replace("\u00a0", " ")
    assert f"La dernière : {cast.ines.name}" in text.replace("\u00a0", " ")
    assert "nouvelle</span>" in text  # counted beside the way to the notes
    client.get(reverse("portal:notes"))
    assert "nouvelle</span>" not in home(client, cast.madeleine).content.decode()
    assert "cachée" not in text and "de Léon" not in text
    assert ways(page) == set(BEHIND)
    assert "Rien ne vous attend" in text


def test_it_leads_a_carer_to_what_was_opened_to_him_alone(client, cast):
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER, scope=("care",))
        guardian = represented_by(cast.leon_record, "Odile", DelegationBasis.GUARDIANSHIP)

    assert ways(home(client, carer)) == {"circle", "documents", "notes"}
    assert ways(home(client, guardian)) == set(BEHIND)


def test_a_record_opened_in_emergency_is_told_there_to_its_person_and_to_no_other(client, cast):
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, sans témoin")

    assert "Ouvert en urgence" in home(client, cast.madeleine).content.decode()
    assert "Ouvert en urgence" not in home(client, cast.leon).content.decode()


def test_a_professional_has_none_whatever_his_own_patients(client, cast):
    assert home(client, cast.amar).status_code == 403


def test_it_costs_the_same_whatever_the_record_holds(client, cast):
    filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
    published(cast.ines, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
    home(client, cast.madeleine)
    one = queries_of(client, reverse("portal:home"))
    for _ in range(3):
        published(cast.ines, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
        filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)

    assert queries_of(client, reverse("portal:home")) <= one


def test_her_circle_says_of_a_woman_and_of_a_structure_why_they_came(client, cast):
    with walls_down():
        rows = CareTeamParticipant.objects.filter(patient_id=cast.madeleine_record.patient_id)
        rows.filter(practitioner_id=cast.ines.person_id).update(reason="follows", reason_words="à domicile")
        rows.filter(practitioner_id=cast.amar.person_id).update(reason="wished")
        guardian = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)

    login(client, cast.madeleine)
    hers = client.get(reverse("portal:circle")).content.decode()
    login(client, guardian)
    of_another = client.get(reverse("portal:circle")).content.decode()

    assert "· vous suit (à domicile)" in hers and "· vous le souhaitez" in hers
    assert "· suit la personne (à domicile)" in of_another and "· la personne le souhaite" in of_another
