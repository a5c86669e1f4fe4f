"""What is kept from view, widened, explained, handed over: as the persons of the demonstration meet it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

TEXT = "Je préfère en reparler avec elle avant d’en dire plus."


@pytest.mark.parametrize("phone", [False, True])
def test_a_note_for_oneself_is_then_read_by_the_circle(visit, phone):
    doctor = visit("s.norbert", phone=phone)
    record = doctor.open_record("ISIDORE")
    doctor.page.goto(f"{record}notes/nouvelle/")
    doctor.page.locator("label.chip", has_text="Moi seulement").click()
    expect(doctor.page.locator("#audience")).to_contain_text("réservé à son auteur")
    words = f"{TEXT} ({'téléphone' if phone else 'bureau'})"
    doctor.page.get_by_label("Note", exact=True).fill(words)
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    doctor.page.get_by_role("button", name="Enregistrer la note").click()
    doctor.page.wait_for_url("**/notes/")

    nurse = visit("c.marie", phone=phone)
    nurse.open_record("ISIDORE")
    nurse.tab("Notes")
    expect(nurse.page.get_by_text(words)).to_have_count(0)

    note = doctor.page.get_by_role("article").filter(has_text=words)
    note.get_by_role("link").first.click()
    doctor.page.get_by_role("link", name="Changer qui la lit").click()
    doctor.page.locator("label.chip", has_text="Le cercle et la personne").click()
    expect(doctor.page.locator("#audience")).not_to_contain_text("réservé à son auteur")
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    doctor.page.get_by_role("button", name="Enregistrer").click()
    expect(doctor.page.get_by_text("Lecture changée")).to_be_visible()
    nurse.page.reload()
    expect(nurse.page.get_by_text(words).first).to_be_visible()


@pytest.mark.parametrize("phone", [False, True])
def test_the_addiction_care_of_a_man_without_a_home_is_his_to_tell(visit, phone):
    educator = visit("f.teboul", phone=phone)
    record = educator.open_record("WOJCIK")
    for tab in ("", "notes/", "cercle/", "chronologie/"):
        educator.page.goto(record + tab)
        expect(educator.page.locator("body")).not_to_contain_text(re.compile("RIBOULET|CSAPA", re.IGNORECASE))

    patient = visit("m.wojcik", phone=phone)
    patient.page.goto("/mon-dossier/mon-cercle/")
    expect(patient.page.get_by_role("main").get_by_text("RIBOULET").first).to_be_visible()
    patient.page.get_by_role("link", name="Mes suivis gardés pour moi").click()
    expect(patient.page.get_by_text("Addictologie").first).to_be_visible()
    assert patient.axe() == [] and patient.too_wide() <= 0

    doctor = visit("d.riboulet", phone=phone)
    doctor.page.goto(record + "cercle/")
    expect(doctor.page.get_by_role("main").get_by_text("RIBOULET").first).to_be_visible()
    doctor.page.get_by_role("link", name="Qui le connaît").click()
    expect(doctor.page.get_by_text("nommé par la personne").first).to_be_visible()
    assert doctor.axe() == [] and doctor.too_wide() <= 0


def test_an_emergency_is_explained_then_judged(visit):
    officer = visit("h.fontanel")
    officer.page.goto("/acces-en-urgence/")
    officer.page.get_by_role("link", name=re.compile("Examiner.*ROCHE")).first.click()
    officer.page.get_by_label("À expliquer par le professionnel").check()
    officer.page.get_by_label("Ce que l’examen a montré").fill(
        "Aucun passage ce jour-là : pourquoi ce dossier ?"
    )
    assert officer.axe() == [] and officer.too_wide() <= 0
    officer.page.get_by_role("button", name="Enregistrer l’examen").click()

    doctor = visit("i.roche", phone=True)
    doctor.page.goto("/mes-acces-en-urgence/")
    doctor.page.get_by_role("link", name=re.compile("Expliquer")).first.click()
    doctor.page.get_by_label("Votre explication").fill(
        "Amenée par sa voisine, repartie avant l’enregistrement."
    )
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    doctor.page.get_by_role("button", name="Envoyer l’explication").click()
    expect(doctor.page.get_by_text("Votre explication est transmise").first).to_be_visible()

    officer.page.goto("/acces-en-urgence/")
    officer.page.get_by_role("link", name=re.compile("Examiner.*ROCHE")).first.click()
    expect(officer.page.get_by_text("Amenée par sa voisine")).to_be_visible()
    officer.page.get_by_label("Justifié", exact=True).check()
    officer.page.get_by_label("Ce que l’examen a montré").fill("L’explication est confirmée par l’accueil.")
    officer.page.get_by_role("button", name="Enregistrer l’examen").click()
    expect(officer.page.get_by_text("confirmée par l’accueil")).to_be_visible()


def test_a_hand_over_is_accepted_on_a_phone_and_the_former_only_reads(visit):
    giver = visit("s.norbert")
    # Nobody of the stories: other journeys need those in the hands they are in.
    record = giver.open_record("MOULIN")
    giver.page.goto("/relais/proposer/?q=georges")
    giver.page.locator("label", has_text="MOULIN").first.click()
    giver.page.locator("label", has_text="GEORGES").first.click()
    assert giver.axe() == [] and giver.too_wide() <= 0
    giver.page.get_by_role("button", name="Proposer le relais").click()
    expect(giver.page.get_by_text("En attente").first).to_be_visible()

    taker = visit("a.georges", phone=True)
    taker.page.goto("/relais/")
    taker.page.get_by_role("link", name=re.compile("Répondre")).first.click()
    assert taker.axe() == [] and taker.too_wide() <= 0
    taker.page.get_by_role("button", name="Accepter").click()
    expect(taker.page.get_by_text("dans votre liste").first).to_be_visible()
    taker.page.goto(record)
    expect(taker.page.locator("a[href$='/notes/nouvelle/']").locator("visible=true").first).to_be_visible()

    giver.page.goto(record)
    expect(giver.page.get_by_text("Lecture seule").first).to_be_visible()
    expect(giver.page.get_by_role("link", name="Écrire une note")).to_have_count(0)
