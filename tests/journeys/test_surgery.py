"""A physician has somebody followed around an operation: begun in two minutes, moved when the date moves."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey
# Seconds, the machine of the integration server included (MISSION F1).
_LONGEST = 120


def _in(days: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_an_operation_is_followed_from_an_enrolment_of_two_minutes_and_its_date_moves(
    visit: Visits, phone: bool
) -> None:
    physician = visit("s.norbert", phone=phone)
    page = physician.page
    record = physician.open_record("LAGARDE")
    began = time.monotonic()
    page.goto(record + "telesuivi/")
    page.get_by_role("link", name="Commencer un télésuivi").and_(page.locator(":visible")).first.click()
    page.get_by_role("link", name="Choisir Chirurgie ambulatoire").click()
    assert physician.axe() == [] and physician.too_wide() <= 0
    page.get_by_label("Date de l’opération").fill(_in(9))
    cell = page.get_by_label("Cellule qui suit les réponses")
    cell.select_option(cell.locator("option", has_text="Val-de-Marne").get_attribute("value"))
    page.get_by_role("button", name="Commencer le télésuivi").click()
    expect(page.locator(".code-to-give")).to_have_text(re.compile(r"^\d{6}$"))
    assert time.monotonic() - began < _LONGEST
    assert physician.axe() == [] and physician.too_wide() <= 0

    page.goto(record + "telesuivi/")
    page.get_by_role("link", name=re.compile("^Ouvrir")).first.click()
    planned = page.locator(".card", has=page.get_by_role("heading", name="Ce qui est prévu")).locator("li")
    expect(planned).to_have_count(5)
    before = planned.all_inner_texts()
    page.get_by_role("link", name="Changer la date de référence").click()
    page.get_by_label("Date de l’opération").fill(_in(12))
    page.get_by_role("button", name="Changer la date").click()
    expect(planned.first).not_to_have_text(before[0])
    expect(planned).to_have_count(5)
    assert physician.axe() == [] and physician.too_wide() <= 0
