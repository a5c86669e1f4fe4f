"""A questionnaire of Covid on a telephone, letters twice as large: breaths counted by touching, under a minute."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.platform import Platform
from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey
# What a person sets who sees badly: letters twice as large (pixels).
_LARGE = {"fontSizes": {"standard": 32}}
# Seconds (MISSION I13), of which the counting of breaths takes half: the clock of the page is pushed instead.
_LONGEST, _COUNTED = 60, 30
_BREATHS = 8
_AT_HOME = {"BPCO": "Non", "oxymètre chez elle": "Oui", "thermomètre chez elle": "Oui"}
_WELL = ("72", "Non, je respire comme d’habitude", "Non", "Non", "Oui", "Non", "Bien", None)


def _enrolled(physician: Visitor) -> tuple[str, str, str]:
    """Her follow-up, the address of her link, its code. Nobody else's journey opens her record."""
    page, record = physician.page, physician.open_record("VANIER")
    tomorrow = datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=1)
    page.goto(record + "telesuivi/commencer/")
    page.get_by_role("link", name="Choisir eCovid adulte").click()
    page.locator("label.chip", has_text="Suspect").click()
    page.get_by_label("Date des premiers symptômes").first.fill(tomorrow.isoformat())
    cell = page.get_by_label("Cellule qui suit les réponses")
    cell.select_option(cell.locator("option", has_text="Val-de-Marne").get_attribute("value"))
    page.get_by_label("Aucun de ces facteurs").check()
    for asked, said in _AT_HOME.items():
        page.get_by_role("group", name=asked).get_by_label(said).check()
    page.get_by_role("button", name="Commencer le télésuivi").click()
    given = page.locator(".code-to-give")
    expect(given).to_have_text(re.compile(r"^\d{6}$"))
    code, token = given.inner_text(), page.locator("input[name=token]").input_value()
    page.goto(record + "telesuivi/")
    page.get_by_role("link", name=re.compile("^Ouvrir")).first.click()
    return page.url.rstrip("/").rpartition("/")[2], f"/suivi/{token}/", code


def _counts(page: Page) -> None:
    page.get_by_role("button", name="Commencer").tap()
    big = page.locator("[data-breathing-tap]")
    for _ in range(_BREATHS):
        big.tap()
    expect(page.locator("[data-breathing-count]")).to_have_text(str(_BREATHS))
    page.clock.fast_forward(_COUNTED * 1000)
    expect(
        page.get_by_text(f"{_BREATHS} respirations en {_COUNTED} secondes, soit {_BREATHS * 2} par minute.")
    ).to_be_visible()
    expect(page.locator("#valeur")).to_have_value(str(_BREATHS * 2))


def test_breaths_are_counted_by_touching_and_the_questionnaire_takes_under_a_minute(
    visit: Visits, platform: Platform
) -> None:
    follow_up, address, code = _enrolled(visit("s.norbert"))
    platform.days_pass(follow_up, "matin")
    person = visit(phone=True)
    page = person.page
    page.context.new_cdp_session(page).send("Page.setFontSizes", _LARGE)
    page.clock.install()
    page.goto(address)
    page.get_by_label("Code à six chiffres").fill(code)
    page.get_by_role("button", name="Continuer").tap()
    expect(page.get_by_role("heading", name=re.compile("^Bonjour"))).to_be_visible()

    began = time.monotonic()
    page.get_by_role("link", name="Répondre").tap()
    for question, number in (("température", "36,8"), ("au repos", "97"), ("40 pas", "97")):
        expect(page.locator("#question")).to_contain_text(question)
        page.locator("#valeur").fill(number)
        page.get_by_role("button", name="Continuer").tap()
    expect(page.locator("#question")).to_contain_text("respirez-vous")
    assert person.too_wide() <= 0
    _counts(page)
    page.get_by_role("button", name="Continuer").tap()
    person.says(_WELL)
    page.get_by_role("button", name="Envoyer").tap()
    expect(page.get_by_text("Il n’y a rien d’autre à faire pour cette fois.")).to_be_visible()
    assert time.monotonic() - began + _COUNTED < _LONGEST
