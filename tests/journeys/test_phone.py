import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_nurse_in_a_stairwell_writes_a_note(visit):
    nurse = visit("c.marie", phone=True)
    nurse.open_record("ISIDORE")
    expect(nurse.page.locator(".bottom-bar a")).to_have_count(5)
    call = nurse.page.locator("a[href^='tel:']:visible").first
    expect(call).to_be_visible()
    nurse.tab("Notes")
    nurse.write_note("Passage du matin fait, glycémie à 1,42.")
    expect(nurse.toasts().first).to_contain_text("Note enregistrée")
    expect(nurse.page.get_by_text("glycémie à 1,42").first).to_be_visible()


def test_a_pharmacist_joins_in_four_taps(visit):
    nurse = visit("c.marie", phone=True)
    nurse.open_record("ISIDORE")
    taps = [
        nurse.page.locator(".bottom-bar").get_by_role("link", name="Cercle"),
        nurse.page.get_by_role("link", name="Ajouter au cercle"),
        nurse.page.get_by_role("link", name=re.compile("Ajouter.*VASSE")),
        nurse.page.get_by_role("button", name="Ajouter au cercle"),
    ]
    for number, tap in enumerate(taps):
        if number == 2:
            nurse.page.get_by_label("Nom", exact=True).fill("Vasse")
            nurse.page.keyboard.press("Enter")
        tap.tap()
    expect(nurse.toasts().first).to_contain_text("dans le cercle")
