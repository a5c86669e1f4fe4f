import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot

pytestmark = pytest.mark.journey


def test_the_person_says_an_allergy_her_doctor_confirms_it_and_it_stands_on_the_paper(visit):
    patient = visit("p.isidore")
    patient.page.goto("/mon-dossier/ma-sante/")
    shot(patient, "portal-health")
    patient.page.get_by_role("link", name="Dire une allergie").click()
    patient.page.get_by_label("Allergie à quoi ?").fill("Sparadrap")
    patient.page.get_by_label("Que s’est-il passé ?").fill("La peau arrachée")
    shot(patient, "portal-declare")
    patient.page.get_by_role("button", name="Enregistrer").click()
    expect(patient.page.locator(".health-label", has_text="Sparadrap")).to_be_visible()

    doctor = visit("s.norbert")
    record = doctor.open_record("ISIDORE")
    doctor.tab("Santé")
    page = doctor.page
    expect(page.locator(".patient-badges")).to_contain_text("Allergies : pénicilline")
    expect(page.get_by_text("Déclaré par la patiente, non confirmé").first).to_be_visible()
    shot(doctor, "tab")
    page.get_by_role("link", name="Sparadrap").click()
    page.get_by_role("link", name="Confirmer ou infirmer").click()
    shot(doctor, "judge")
    page.get_by_text("Je confirme").click()
    page.get_by_role("button", name="Enregistrer mon avis").click()
    expect(page.get_by_role("heading", name="Historique")).to_be_visible()
    shot(doctor, "line")

    page.goto(f"{record}sante/mesures/")
    expect(page.locator(".chart-dot")).to_have_count(10)
    shot(doctor, "measures")
    page.get_by_role("link", name="Ajouter une mesure").locator("visible=true").first.click()
    expect(page.get_by_role("heading", name="Qui verra ceci ?")).to_be_visible()
    page.get_by_label("Valeur", exact=True).fill("712")
    page.get_by_role("button", name="Inscrire au dossier").click()
    expect(page.get_by_text("Cette valeur est impossible").first).to_be_visible()
    shot(doctor, "add-error")
    page.get_by_label("Valeur", exact=True).fill("71,2")
    page.get_by_role("button", name="Inscrire au dossier").click()
    expect(page.locator(".chart-dot")).to_have_count(11)

    page.goto(record)
    page.get_by_role("link", name="Fiche d’urgence").locator("visible=true").first.click()
    expect(page.get_by_role("heading", name="Proches à prévenir")).to_be_visible()
    shot(doctor, "sheet")
    printed = page.request.get(f"{record}fiche-urgence/imprimer/")
    assert printed.headers["content-type"] == "application/pdf" and printed.body().startswith(b"%PDF-")

    stranger = visit("y.kerbrat")  # a doctor too, with patients of his own
    for refused in ("sante/", "fiche-urgence/", "fiche-urgence/imprimer/"):
        answer = stranger.page.goto(f"{record}{refused}")
        assert answer is not None and answer.status == 404
    patient.page.goto("/mon-dossier/fiche-urgence/")
    expect(patient.page.get_by_text("Sparadrap")).to_be_visible()
    shot(patient, "portal-sheet")


def test_a_second_number_is_asked_of_a_blood_pressure_alone(visit):
    patient = visit("p.isidore", at="/mon-dossier/ma-sante/mesures/", phone=True)
    second = patient.page.get_by_label("Le deuxième chiffre de la tension")
    expect(second).to_be_hidden()
    patient.page.get_by_label("Qu’avez-vous mesuré").select_option(label="Ma tension (les deux chiffres)")
    expect(second).to_be_visible()
    expect(patient.page.locator(".optional:visible")).to_have_count(0)
    shot(patient, "blood-pressure")
