"""What the person chose, and what a deployment allows: each is seen by somebody else at his next click."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_emergency import born

pytestmark = pytest.mark.journey

CALL = "Appel au 15 : douleur thoracique, conjointe affolée, antécédents inconnus."
WHY = "Essai décidé avec la direction des soins."


def test_a_consent_outside_the_team_is_given_then_withdrawn(visit):
    doctor = visit("s.norbert")
    doctor.open_record("TOUSSAINT")
    doctor.tab("Cercle")
    page = doctor.page
    page.get_by_role("link", name="Ajouter au cercle").click()
    page.get_by_label(re.compile("^Nom( facultatif)?$")).fill("Vidal")
    page.get_by_role("button", name="Rechercher dans l’annuaire").click()
    page.get_by_role("link", name=re.compile("Ajouter.*VIDAL")).first.click()
    page.get_by_label("Hors équipe, avec consentement").check()
    page.locator("summary", has_text="Consentement").click()
    for label in ("Social", "Séjour", "Cercle"):
        page.get_by_label(label, exact=True).uncheck()
    page.get_by_label(re.compile("^Date du consentement")).fill("2026-01-05")
    page.get_by_label(re.compile("^Preuve du consentement")).fill("formulaire signé, remis en main propre")
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    page.get_by_role("button", name="Ajouter au cercle").click()
    expect(doctor.toasts().first).to_contain_text("dans le cercle")

    social = visit("c.vidal")
    record = social.open_record("TOUSSAINT")
    social.tab("Séjours")
    expect(social.page.locator("#contenu")).not_to_contain_text("Bicêtre")

    page.get_by_role("link", name="Ses choix").click()
    row = page.locator("li.person", has_text="VIDAL")
    expect(row).to_contain_text("Pour : coordination")
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    row.get_by_role("link", name=re.compile("Retirer")).click()
    page.get_by_label(re.compile("^Comment la personne l’a exprimé")).fill("appel de la personne")
    page.get_by_role("button", name="Retirer ce choix").click()
    expect(doctor.toasts().first).to_contain_text("retiré")

    with social.page.expect_response(lambda answer: record in answer.url) as refused:
        social.page.locator(".tabs-record").get_by_role("link", name="Notes").click()
    assert refused.value.status in (403, 404)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_regulator_opens_for_a_call_and_not_for_who_refused_it(visit, phone):
    regulator = visit("c.regnault", phone=phone)
    page = regulator.page
    regulator.find("CAUVIN RENÉ " + born(visit, "CAUVIN", known_to="a.georges"))
    page.get_by_role("link", name="Ouvrir pour un appel").click()
    assert regulator.axe() == [] and regulator.too_wide() <= 0
    page.get_by_label("L’appel pour lequel ce dossier est ouvert").fill(CALL)
    page.get_by_role("button", name="Ouvrir pour cet appel").click()
    expect(page.locator("#contenu")).to_contain_text("opposée")

    if phone:
        return
    regulator.find("ISIDORE PIERRETTE 17/04/1958")
    page.get_by_role("link", name="Ouvrir pour un appel").click()
    page.get_by_label("L’appel pour lequel ce dossier est ouvert").fill(CALL)
    page.get_by_role("button", name="Ouvrir pour cet appel").click()
    page.wait_for_url("**/dossiers/**")
    expect(page.locator(".strip")).to_contain_text("SAMU")
    expect(page.get_by_role("link", name="Écrire une note")).to_have_count(0)

    patient = visit("p.isidore", at="/mon-dossier/acces/")
    expect(patient.page.locator("#contenu")).to_contain_text(CALL)


def test_a_kept_record_is_found_by_its_structure_alone_then_opened(visit):
    words = "VASSEUR-KONE OUSMANE 03/11/1949"
    coordinator, on_phone, stranger = visit("n.haddad"), visit("n.haddad", phone=True), visit("s.norbert")
    stranger.find(words)
    found = stranger.page.get_by_role("rowheader").filter(has_text=re.compile("ousmane", re.IGNORECASE))
    expect(found).to_have_count(0)

    for visitor in (on_phone, coordinator):
        visitor.open_record("VASSEUR-KONE")
        expect(visitor.page.locator(".patient-badges")).to_contain_text("Dossier non partagé")
    page = coordinator.page
    page.get_by_role("link", name="Ouvrir au partage").click()
    expect(page.get_by_role("heading", name="Une fois ouvert")).to_be_visible()
    assert coordinator.axe() == [] and coordinator.too_wide() <= 0
    page.get_by_label("Entretien, avec la notice remise").check()
    page.get_by_role("button", name="Ouvrir au partage").click()
    expect(coordinator.toasts().first).to_contain_text("ouvert au partage")

    on_phone.page.reload()
    expect(on_phone.page.locator(".patient-badges")).not_to_contain_text("Dossier non partagé")
    stranger.find(words)
    expect(found).to_have_count(1)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_an_administrator_changes_a_right_and_the_nurse_sees_it_at_her_next_click(visit, phone):
    nurse = visit("c.marie")
    nurse.open_record("ISIDORE")
    nurse.tab("Notes")
    medical = nurse.page.get_by_role("article").filter(
        has=nurse.page.locator(".tag", has_text="Suivi médical")
    )
    expect(medical.first).to_be_visible()

    administrator = visit("d.sauvage", phone=phone)
    page = administrator.page
    _change(page, administrator, "Aucun accès")
    nurse.page.reload()
    expect(medical).to_have_count(0)

    _change(page, administrator, "Lit et écrit")
    nurse.page.reload()
    expect(medical.first).to_be_visible()


def _change(page: Page, administrator, right: str) -> None:
    page.goto("/habilitations/")
    assert administrator.axe() == [] and administrator.too_wide() <= 0
    page.get_by_role("link", name=re.compile("Infirmiers et sages-femmes, suivi médical")).click()
    page.get_by_label(right, exact=True).check()
    page.get_by_label("Pourquoi ce changement").fill(WHY)
    assert administrator.axe() == [] and administrator.too_wide() <= 0
    page.get_by_role("button", name="Appliquer").click()
    expect(administrator.toasts().first).to_contain_text("s’applique")
    expect(page.get_by_text(WHY).first).to_be_visible()
