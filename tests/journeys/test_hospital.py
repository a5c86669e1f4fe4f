import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import until_shown

pytestmark = pytest.mark.journey


def test_an_admission_is_seen_live_by_the_doctor_and_the_nurse(visit, hospital):
    doctor = visit("a.georges")
    doctor.open_record("DIALLO")
    doctor.tab("Cercle")
    doctor.page.get_by_role("link", name="Ajouter au cercle").click()
    doctor.page.get_by_label(re.compile("^Nom( facultatif)?$")).fill("Marie")
    doctor.page.get_by_role("button", name="Rechercher dans l’annuaire").click()
    doctor.page.get_by_role("link", name=re.compile("Ajouter.*Charlotte", re.IGNORECASE)).click()
    doctor.page.get_by_role("button", name="Ajouter au cercle").click()
    nurse = visit("c.marie", at="/", phone=True)
    doctor.page.goto("/")

    hospital.admits("cardiologie", "DIALLO")
    for person in (doctor, nurse):
        expect(person.toasts().filter(has_text="DIALLO")).to_be_visible()
        person.open_record("DIALLO")
        expect(person.page.locator("#contenu")).to_contain_text("cardiologie")
        expect(person.page.locator(".patient-badges")).to_contain_text("Hospitalisé")

    hospital.sends("sortie", "DIALLO")
    known, first = nurse.page.locator(".patient-known"), nurse.page.locator("[aria-labelledby=alerts-title]")
    expect(nurse.page.get_by_role("button", name=re.compile("nouveauté"))).to_be_visible()
    expect(first).to_contain_text("Sorti")
    expect(known).not_to_contain_text("Hospitalisé")

    hospital.sends("annuler-sortie", "DIALLO")
    expect(first).to_contain_text("la sortie est annulée")
    expect(known).to_contain_text("Hospitalisé")

    # An admission taken back rings nowhere: what the page said of it goes all the same, nobody reloading it.
    hospital.sends("annuler-admission", "DIALLO")
    expect(first).to_contain_text("Rien qui vous attende")
    expect(known).not_to_contain_text("Hospitalisé")


def test_the_email_says_the_same_to_everybody_about_everybody(visit, hospital):
    hospital.admits("urgences", "CAUVIN")
    anybody = visit()
    anybody.page.goto("/demonstration/boite/")
    letters = anybody.page.get_by_role("article").filter(has_text="Une nouvelle information vous attend")
    until_shown(anybody.page, letters)
    texts = {re.sub(r"À \S+@\S+", "", letter.locator(".card-body").inner_text()) for letter in letters.all()}
    assert len(texts) == 1
    assert not re.search("CAUVIN|DIALLO|GOFF|hospital|urgence", texts.pop(), re.IGNORECASE)


def test_psychiatry_tells_nobody_outside(visit, hospital):
    pharmacist = visit("k.benali", at="/")
    hospital.admits("psychiatrie", "DELORME-RAHMANI")
    # Applied in their order: when the second is told, the first would have been.
    hospital.admits("urgences", "KERVELLA")
    expect(pharmacist.toasts().filter(has_text="LE GOFF")).to_be_visible()
    expect(pharmacist.toasts()).to_have_count(1)
    pharmacist.open_record("DELORME")
    expect(pharmacist.page.locator(".patient-badges")).not_to_contain_text("Hospitalisé")
    pharmacist.tab("Séjours")
    expect(pharmacist.page.locator("#contenu")).not_to_contain_text("Psychiatrie")
