"""What is open on a screen when an access, or a session, ends: nothing of it stays there, but what was being typed."""

import re
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot_as_it_is
from tests.journeys.test_merged import founds

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]
REASON = "Détresse respiratoire aux urgences, traitement habituel inconnu."
TYPED = "Plaie propre, pansement refait."
SUBSTANCE = "Œufs de caille"
HAPPENED = "Visage gonflé dix minutes après le repas."
# As of a telephone that slept: nothing tells its page that the session is over.
NO_STREAM = "window.SharedWorker = class { port = { postMessage() {} } }"
# What ended is looked for every few seconds, on a loaded machine less often.
PATIENCE = 40_000


def test_an_emergency_that_ends_leaves_nothing_of_the_record(visit, phone):
    name, born = ("PLOUZEVET", "13/02/1936") if phone else ("LANMEUR", "14/03/1935")
    nurse, physician = visit("s.norbert"), visit("i.roche", phone=phone)
    patient = founds(nurse, name, "Yvonne", born)
    page = physician.page
    page.goto(f"/recherche/?q={name}+Yvonne+{born}")
    page.get_by_role("link", name="Ouvrir en urgence").click()
    page.get_by_label("Pourquoi ouvrir ce dossier maintenant").fill(REASON)
    page.get_by_role("button", name="Ouvrir en urgence").click()
    page.wait_for_url("**/dossiers/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)

    with psycopg.connect(physician.platform.database) as connection:
        connection.execute(
            # Once it is committed: what ends meanwhile may have been looked for already.
            "UPDATE care_team_emergencyaccess SET expires_at = now() + interval '2 seconds' WHERE patient_id = %s",
            [patient],
        )

    expect(page.get_by_role("heading", name="Dossier fermé")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("body")).not_to_contain_text(name)
    shot_as_it_is(physician, "emergency")


@contextmanager
def over_since_yesterday(database, account):
    """Her access to the child, and the worker has not looked since."""
    whose = "user_id = (SELECT id FROM accounts_user WHERE login = %s)"
    with psycopg.connect(database) as connection:
        connection.execute(
            f"UPDATE patients_delegation SET valid_until = (now() AT TIME ZONE 'Europe/Paris')::date - 1 WHERE {whose}",
            [account],
        )
        connection.execute(
            "UPDATE kernel_handlercursor SET position = position - 172800000000 WHERE handler = 'care_team.endings'"
        )
    try:
        yield
    finally:
        with psycopg.connect(database) as connection:
            connection.execute(f"UPDATE patients_delegation SET valid_until = NULL WHERE {whose}", [account])


def test_a_mother_whose_access_ends_keeps_what_she_was_typing(visit, phone):
    """Her account opens nothing any more: she was led to the door, and her words were lost."""
    mother = visit("e.moreau", phone=phone)
    page = mother.page
    page.goto("/mon-dossier/ma-sante/allergies/")
    page.get_by_label("Que s’est-il passé").fill(HAPPENED)
    # Refused once already, for what is missing: her words are on the page as it came.
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("link", name="Allergie à quoi")).to_be_visible()
    expect(page.get_by_label("Que s’est-il passé")).to_have_value(HAPPENED)

    with over_since_yesterday(mother.platform.database, "e.moreau"):
        # Whichever tells it first: that the access is over, or that the stream serves nobody any more.
        closed = page.get_by_role("heading", name=re.compile("Accès terminé|Session terminée"))
        expect(closed).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_label("Ce que vous écriviez")).to_have_value(HAPPENED)
        expect(page.locator("body")).not_to_contain_text("Bastien")
        shot_as_it_is(mother, "delegation")


def test_a_page_where_somebody_was_writing_ends_with_the_session(visit, platform, phone):
    """Logged out in another tab: the record stayed on the screen for the next person at it."""
    nurse = visit(phone=phone)
    nurse.log_in(platform.account("s.norbert"))
    name = "SIZUN" if phone else "TAULE"
    founds(nurse, name, "Annick", "15/04/1934" if phone else "16/05/1933")
    page = nurse.page
    page.goto(f"{page.url}notes/nouvelle/")
    page.get_by_label("Note", exact=True).fill(TYPED)
    other = page.context.new_page()
    other.goto("/patients/")

    other.locator("summary", has=other.locator(".avatar")).click()
    other.get_by_role("button", name="Se déconnecter").click()
    other.wait_for_url("**/connexion/**")

    expect(page.get_by_role("heading", name="Session terminée")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Ce que vous écriviez")).to_have_value(TYPED)
    expect(page.locator("body")).not_to_contain_text(name)
    shot_as_it_is(nurse, "session")


def test_a_page_of_one_person_writes_nothing_of_another(visit, phone):
    """Two tabs: what was typed of one went to the record of the other, to whom the second tab had passed."""
    guardian = visit("c.delmotte", at="/mon-dossier/ma-sante/allergies/", phone=phone)
    page = guardian.page
    page.get_by_label("Allergie à quoi").fill(SUBSTANCE)
    page.get_by_label("C’est plutôt").select_option(index=1)
    other = page.context.new_page()
    other.goto("/mon-dossier/")
    other.get_by_role("button", name=re.compile("Passer à")).click()
    other.wait_for_load_state()
    page.get_by_role("button", name="Enregistrer").click()

    expect(page.get_by_role("heading", name="Cette page est celle d’une autre personne")).to_be_visible()
    expect(page.get_by_label("Ce que vous écriviez")).to_have_value(SUBSTANCE)
    shot_as_it_is(guardian, "another")
    for tab in (page, other):
        tab.goto("/mon-dossier/ma-sante/")
        expect(tab.get_by_role("main")).not_to_contain_text(SUBSTANCE)
        tab.get_by_role("button", name=re.compile("Passer à")).click()


def test_what_was_sent_once_the_session_was_over_is_given_back_at_the_door(visit, phone):
    """A telephone wakes up after the night: what was typed before went nowhere."""
    patient = visit("p.isidore", phone=phone)
    page = patient.page
    page.add_init_script(NO_STREAM)
    page.goto("/mon-dossier/ma-sante/allergies/")
    page.get_by_label("Allergie à quoi").fill(SUBSTANCE)
    page.context.clear_cookies(name=re.compile("session"))
    page.get_by_role("button", name="Enregistrer").click()

    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    expect(page.get_by_label("Ce que vous écriviez")).to_have_value(SUBSTANCE)
    shot_as_it_is(patient, "door")
