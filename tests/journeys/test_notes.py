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


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_note_is_found_starred_answered_and_corrected(visit, phone):
    word = "escarre" if phone else "collyre"
    doctor = visit("s.norbert", phone=phone)
    page = doctor.page
    record = doctor.open_record("ISIDORE")
    doctor.tab("Notes")
    doctor.write_note(f"Surveiller l’{word} du matin.")

    nurse = visit("c.marie", phone=phone)
    nurse.page.goto(f"{record}notes/")
    nurse.page.get_by_label("Rechercher dans les notes").fill(f"{word}s")
    nurse.page.keyboard.press("Enter")
    found = nurse.page.get_by_role("article")
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text(word)
    assert nurse.axe() == [] and nurse.too_wide() <= 0
    star = found.get_by_role("button", name="en favori")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    nurse.page.goto(f"{record}notes/?vue=favorites")
    found.filter(has_text=word).get_by_role("link", name="NORBERT").click()
    nurse.page.get_by_role("link", name="Répondre").click()
    expect(nurse.page.locator(".note-quoted")).to_contain_text(word)
    assert nurse.axe() == [] and nurse.too_wide() <= 0
    nurse.page.get_by_label("Note", exact=True).fill(f"Fait pour l’{word}, rien à signaler.")
    nurse.page.get_by_role("button", name="Enregistrer la note").click()
    expect(nurse.toasts().first).to_contain_text("Note enregistrée")

    page.goto(f"{record}notes/")
    answer = page.get_by_role("article").filter(has_text=f"Fait pour l’{word}")
    answer.locator(".note-answered").get_by_role("link").click()
    expect(page.get_by_role("heading", name="1 réponse")).to_be_visible()
    page.get_by_role("link", name="Corriger").click()
    page.get_by_label("Note", exact=True).fill(f"Surveiller l’{word} du matin et du soir.")
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    page.get_by_role("button", name="Enregistrer la correction").click()
    expect(doctor.toasts().first).to_contain_text("corrigée")
    page.get_by_text("Ce que disait la note").click()
    expect(page.get_by_text(f"Surveiller l’{word} du matin.", exact=True)).to_be_visible()
    assert doctor.axe() == [] and doctor.too_wide() <= 0
