"""Who acts for somebody, and what a patient does with her own hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import fresh_totp

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_guardian_always_knows_for_whom_she_acts_and_changes_in_one_click(visit, phone):
    guardian = visit("c.delmotte", phone=phone)
    page = guardian.page
    bar = page.get_by_role("region", name="Pour qui vous agissez")
    guardian.page.goto("/mon-dossier/notes/")
    expect(bar).to_contain_text(re.compile("Vous agissez pour (Amadou DIALLO|Marek WOJCIK)"))
    change = bar.get_by_role("button", name=re.compile("Passer à"))
    wanted = change.inner_text().removeprefix("Passer à ")
    change.click()
    expect(bar).to_contain_text(f"Vous agissez pour {wanted}")
    page.goto("/mon-dossier/mon-cercle/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(wanted)
    expect(bar).to_contain_text(f"Vous agissez pour {wanted}")
    assert guardian.axe() == []
    assert guardian.too_wide() <= 0


def test_a_carer_reads_what_she_was_given_and_decides_nothing(visit):
    carer = visit("o.isidore", phone=True)
    carer.page.goto("/mon-dossier/notes/")
    expect(carer.page.get_by_role("article").first).to_be_visible()
    expect(carer.page.get_by_text("Consultation de cardiologie")).to_have_count(0)
    carer.page.goto("/mon-dossier/mon-cercle/")
    expect(carer.page.get_by_role("link", name=re.compile("Retirer"))).to_have_count(0)
    assert carer.axe() == []


def test_a_mother_comes_in_and_a_father_whom_a_judge_cut_does_not(visit):
    mother = visit("e.moreau", at="/", phone=True)
    expect(mother.page.get_by_text("Vous agissez pour Bastien")).to_be_visible()
    father = visit()
    account = father.platform.account("f.leclair")
    father.give_password(account)
    father.page.get_by_label("Code à six chiffres").fill(fresh_totp(account))
    father.follow(father.page.get_by_role("button", name="Se connecter"))
    father.page.goto("/mon-dossier/")
    expect(father.page.get_by_text("Bastien")).to_have_count(0)


def test_a_patient_removes_a_nurse_contests_an_access_and_reads_the_answer(visit):
    nurse, patient = visit("c.marie"), visit("p.isidore", phone=True)
    page = patient.page
    page.goto("/mon-dossier/acces/")
    record = nurse.open_record("ISIDORE")
    line = page.locator(".access-line").filter(has_text="MARIE").first
    # The page moves by itself: nobody reloads it.
    expect(line).to_be_visible(timeout=20_000)
    line.get_by_role("button", name=re.compile("Contester")).click()
    expect(patient.toasts().first).to_contain_text("délégué à la protection des données")
    assert patient.axe() == []

    officer = visit("h.fontanel")
    officer.page.goto("/acces-en-urgence/contestes/")
    officer.page.get_by_role("link", name=re.compile("Répondre.*MARIE")).first.click()
    officer.page.get_by_label("Accès justifié").check()
    officer.page.get_by_label("Réponse à la personne").fill("Cette infirmière vous soigne chaque matin.")
    assert officer.axe() == []
    officer.page.get_by_role("button", name="Envoyer la réponse").click()
    expect(officer.toasts().first).to_contain_text("envoyée")
    expect(page.get_by_text("Cette infirmière vous soigne chaque matin.")).to_be_visible(timeout=20_000)

    page.goto("/mon-dossier/mon-cercle/")
    page.get_by_role("link", name=re.compile("Retirer.*MARIE")).click()
    page.get_by_role("button", name="Retirer de l’équipe").click()
    expect(patient.toasts().first).to_contain_text("ne lit plus le dossier")
    assert nurse.page.goto(record).status == 404

    page.goto("/mon-dossier/mon-cercle/ajouter/?name=marie&profession=60")
    page.get_by_role("link", name=re.compile("Ajouter.*MARIE")).first.click()
    page.get_by_role("button", name="Je suis d’accord").click()
    expect(patient.toasts().first).to_contain_text("peut maintenant lire")
    assert nurse.page.goto(record).status == 200
