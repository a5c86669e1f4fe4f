import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

TEXT = "Pansement du talon à refaire demain matin, avec un tulle gras."


def test_a_note_reaches_the_nurse_who_has_the_record_open(visit):
    nurse = visit("c.marie")
    nurse.open_record("ISIDORE")
    nurse.tab("Notes")
    notes = nurse.page.locator("#notes")
    expect(notes.get_by_role("article").first).to_be_visible()

    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.write_note(TEXT)
    expect(doctor.toasts().first).to_contain_text("Note enregistrée")

    announced = nurse.page.get_by_role("button", name="1 nouvelle note")
    expect(announced).to_be_visible(timeout=5_000)
    expect(notes.get_by_text(TEXT)).to_have_count(0)
    announced.click()
    expect(notes.get_by_text(TEXT)).to_be_visible()


def test_a_medical_note_is_not_for_the_social_worker(visit):
    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.write_note("Bilan thyroïdien demandé.", kind="Médical")

    social_worker = visit("c.vidal")
    social_worker.open_record("ISIDORE")
    social_worker.tab("Notes")
    expect(social_worker.page.locator("#notes").get_by_role("article").first).to_be_visible()
    expect(social_worker.page.get_by_text("Bilan thyroïdien")).to_have_count(0)


def test_an_empty_note_is_refused_where_it_is_written(visit):
    doctor = visit("a.georges")
    doctor.open_record("ISIDORE")
    doctor.page.get_by_role("link", name="Écrire une note").first.click()
    doctor.page.get_by_role("button", name="Enregistrer la note").click()
    expect(doctor.page.locator(".field-note .field-error")).to_be_visible()
