import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import until_shown

pytestmark = pytest.mark.journey

REASON = "Détresse respiratoire aux urgences, traitement habituel inconnu."


def test_breaking_the_glass_is_explained_and_told(visit):
    physician = visit("i.roche")
    page = physician.page
    physician.find("ISIDORE PIERRETTE 17/04/1958")
    page.get_by_role("link", name="Ouvrir en urgence").click()
    page.get_by_label("Pourquoi ouvrir ce dossier maintenant").fill("Urgence")
    page.get_by_role("button", name="Ouvrir en urgence").click()
    expect(page.locator(".field-error").first).to_be_visible()
    page.get_by_label("Pourquoi ouvrir ce dossier maintenant").fill(REASON)
    page.get_by_role("button", name="Ouvrir en urgence").click()
    page.wait_for_url("**/dossiers/**")
    expect(page.locator(".strip")).to_contain_text("urgence")
    expect(page.get_by_role("link", name="Écrire une note")).to_have_count(0)
    assert page.goto(f"{page.url}notes/nouvelle/").status == 403

    patient = visit("p.isidore", at="/mon-dossier/acces/")
    expect(patient.page.get_by_role("heading", name="Ouvert en urgence")).to_be_visible()
    expect(patient.page.locator("#contenu")).to_contain_text(REASON)

    officer = visit("h.fontanel")
    officer.page.goto("/acces-en-urgence/")
    expect(officer.page.locator("#contenu")).to_contain_text(REASON)

    anybody = visit()
    anybody.page.goto("/demonstration/boite/")
    told = anybody.page.get_by_role("article").filter(has_text=re.compile("s.norbert@"))
    until_shown(anybody.page, told)


def test_the_glass_stays_whole_for_who_refused_it(visit):
    physician = visit("i.roche")
    page = physician.page
    physician.find("DELORME-RAHMANI CAMILLE " + born(visit, "DELORME"))
    page.get_by_role("link", name="Ouvrir en urgence").click()
    page.get_by_label("Pourquoi ouvrir ce dossier maintenant").fill(REASON)
    page.get_by_role("button", name="Ouvrir en urgence").click()
    expect(page.locator("#contenu")).to_contain_text("opposé")
    assert "/dossiers/" not in page.url


def born(visit, name: str, *, known_to: str = "k.benali") -> str:
    member = visit(known_to)
    member.find(name)
    shown = member.page.locator("tr", has_text=name).first.inner_text()
    found = re.search(r"\d{2}/\d{2}/\d{4}", shown)
    assert found, shown
    return found.group()
