"""In by Pro Santé Connect or FranceConnect, with the certified provider of the simulator on the other side."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def presents(visitor, door: str, card: str) -> None:
    """From the login page to the card, on the provider's own page."""
    page = visitor.page
    page.goto("/connexion/")
    page.get_by_role("link", name=door).click()
    page.get_by_role("button", name=card).click()


@pytest.mark.parametrize("phone", [False, True])
def test_a_doctor_with_one_place_of_work_lands_on_his_patients(visit, phone):
    doctor = visit(phone=phone)
    presents(doctor, "Pro Santé Connect", "Arnaud GEORGES")
    expect(doctor.page.get_by_role("heading", name="Mes patients")).to_be_visible()
    doctor.page.goto("/mon-compte/securite/")
    expect(doctor.page.get_by_text("Pro Santé Connect").first).to_be_visible()


@pytest.mark.parametrize("phone", [False, True])
def test_a_doctor_with_two_places_says_where_she_is(visit, phone):
    """Her account opens at that very login, without any code."""
    doctor = visit(phone=phone)
    presents(doctor, "Pro Santé Connect", "Élise CAUSSADE")
    expect(doctor.page.get_by_role("heading", name="Pour quelle structure")).to_be_visible()
    assert doctor.axe() == []
    doctor.page.get_by_role("button", name="Médecin").first.click()
    expect(doctor.page.get_by_role("heading", name="Mes patients")).to_be_visible()


def test_a_place_that_psc_does_not_say_is_not_offered(visit):
    """Dr Tran works in two places for PSC; the directory learns the second."""
    doctor = visit()
    presents(doctor, "Pro Santé Connect", "Hugo TRAN-DELMAS")
    expect(doctor.page.get_by_role("button", name="Médecin")).to_have_count(2)


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("Henri DUPRAT", "ne vous compte plus parmi les professionnels"),
        ("Marc INCONNU", "Aucun professionnel de l’annuaire"),
        ("Sofia BELMONTE", "aucune situation d’exercice"),
    ],
)
def test_who_may_not_work_here_is_told_why(visit, phone, card, words):
    doctor = visit(phone=phone)
    presents(doctor, "Pro Santé Connect", card)
    expect(doctor.page.get_by_text(words)).to_be_visible()
    assert doctor.axe() == []
    assert doctor.too_wide() <= 0
    doctor.page.goto("/patients/")
    expect(doctor.page.get_by_role("heading", name="Mes patients")).to_have_count(0)


def test_declining_comes_back_with_a_sentence(visit):
    doctor = visit()
    presents(doctor, "Pro Santé Connect", "Refuser")
    expect(doctor.page.get_by_text("abandonnée ou refusée")).to_be_visible()
    doctor.page.get_by_role("link", name="Se connecter autrement").click()
    expect(doctor.page.get_by_label("Identifiant")).to_be_visible()


def test_logging_out_ends_the_session_of_pro_sante_connect_too(visit):
    doctor = visit()
    presents(doctor, "Pro Santé Connect", "Charlotte MARIE")
    expect(doctor.page.get_by_role("heading", name="Mes patients")).to_be_visible()
    doctor.page.locator("summary", has=doctor.page.locator(".user-name")).click()
    doctor.page.get_by_role("button", name="Se déconnecter").click()
    doctor.page.get_by_role("button", name="Oui, fermer").click()
    expect(doctor.page.get_by_role("heading", name="Se connecter")).to_be_visible()
    doctor.page.get_by_role("link", name="Pro Santé Connect").click()
    expect(doctor.page.get_by_role("button", name="Charlotte MARIE")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True])
def test_a_patient_whose_five_traits_are_hers_reads_her_pages(visit, phone):
    patient = visit(phone=phone)
    presents(patient, "FranceConnect", "Pierrette Jeanne MARTIN")
    expect(patient.page.get_by_role("heading", name="Bonjour")).to_be_visible()


def test_a_patient_without_an_account_gets_one(visit):
    patient = visit()
    presents(patient, "FranceConnect", "Mireille Andrée BARON")
    expect(patient.page.get_by_role("heading", name="Bonjour")).to_be_visible()


def test_a_trait_apart_shows_nothing_until_the_desk_has_linked(visit):
    patient, desk = visit(phone=True), visit("a.guerin")
    presents(patient, "FranceConnect", "René Lucien Marcel CAUVIN")
    expect(patient.page.get_by_role("heading", name="Votre identité doit être vérifiée")).to_be_visible()
    assert patient.axe() == []
    expect(patient.page.get_by_text("CAUVIN")).to_have_count(0)

    desk.page.goto("/identites/")
    desk.page.get_by_role("link", name="Rattachements").click()
    assert desk.axe() == []
    desk.page.get_by_role("link", name="Examiner la demande de René Lucien Marcel CAUVIN").click()
    assert desk.axe() == []
    desk.page.get_by_role("radio", name="RENE LUCIEN CAUVIN").check()
    desk.page.get_by_label("Motif de la décision").fill("Acte de naissance présenté : trois prénoms")
    desk.page.get_by_role("button", name="Rattacher").click()
    expect(desk.page.get_by_text("la prochaine connexion ouvrira le dossier")).to_be_visible()

    patient.page.get_by_role("link", name="Revenir à la connexion").click()
    patient.page.get_by_role("link", name="FranceConnect").click()
    expect(patient.page.get_by_role("heading", name="Bonjour")).to_be_visible()
