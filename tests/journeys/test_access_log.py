import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_professional_sees_who_opened_the_record(visit):
    visit("k.benali").open_record("ISIDORE")
    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.tab("Cercle")
    doctor.page.get_by_role("link", name="Qui a vu ce dossier").click()
    expect(doctor.page.get_by_role("heading", name="Qui a vu ce dossier")).to_be_visible()
    expect(doctor.page.locator("#contenu .event").filter(has_text="Benali").first).to_be_visible()


def test_the_patient_sees_who_opened_her_record_in_her_own_words(visit):
    visit("k.benali").open_record("ISIDORE")
    patient = visit("p.isidore", at="/")
    patient.page.get_by_role("link", name="Qui a vu mon dossier").click()
    expect(patient.page.get_by_role("heading", name="Qui a vu mon dossier")).to_be_visible()
    line = patient.page.locator("li.access-line").filter(has_text="Benali").first
    expect(line).to_contain_text("a consulté votre dossier")
    patient.page.goto("/patients/")
    expect(patient.page.get_by_role("heading", level=1)).to_be_visible()
    expect(patient.page.get_by_role("row")).to_have_count(0)
