import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_everything_works_without_javascript(visit, platform):
    coordinator = visit(javascript=False)
    page = coordinator.page
    coordinator.log_in(platform.account("n.haddad"))
    coordinator.open_record("ISIDORE")
    coordinator.write_note("Réunion de concertation jeudi à 14 h.", kind="Coordination")
    expect(page.get_by_text("Réunion de concertation jeudi").first).to_be_visible()

    coordinator.tab("Cercle")
    page.get_by_role("link", name="Ajouter au cercle").click()
    page.get_by_label("Nom", exact=True).fill("Pasquali")
    page.get_by_role("button", name="Rechercher dans l’annuaire").click()
    page.get_by_role("link", name=re.compile("Ajouter.*PASQUALI")).first.click()
    page.get_by_role("button", name="Ajouter au cercle").click()
    expect(page.locator(".person").filter(has_text=re.compile("PASQUALI"))).to_be_visible()
    coordinator.log_out()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
