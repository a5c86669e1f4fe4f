"""A questionnaire of Covid on a telephone, letters twice as large: breaths counted by touching, under a minute."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey
_LARGE = {"fontSizes": {"standard": 32}}
# Seconds (MISSION I13), of which the counting of breaths takes half: the clock of the page is pushed instead.
_LONGEST, _COUNTED = 60, 30
_BREATHS = 8
_WELL = ("72", "Non, je respire comme d’habitude", "Non", "Non", "Oui", "Non", "Bien", None)


def _link_of(physician: Visitor) -> tuple[str, str]:
    page = physician.page
    page.get_by_role("button", name="Donner un nouveau lien").click()
    code = page.locator(".code-to-give").inner_text()
    return f"/suivi/{page.locator('input[name=token]').first.input_value()}/", code


def _opens_covid(board: Page) -> None:
    """Of the persons who are well, the first who is followed for it."""
    rows = board.locator("[data-row] a[data-open]")
    expect(rows.first).to_be_visible()
    for address in [row.get_attribute("href") or "" for row in rows.all()]:
        board.goto(address)
        board.get_by_role("link", name="Tout le télésuivi de la personne").click()
        expect(board.get_by_role("button", name="Donner un nouveau lien")).to_be_visible()
        if board.get_by_role("heading", name="eCovid adulte").count():
            return
    pytest.fail("nobody on the board is followed for Covid and well")


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


def test_breaths_are_counted_by_touching_and_the_questionnaire_takes_under_a_minute(visit: Visits) -> None:
    physician, person = visit("s.norbert"), visit(phone=True)
    physician.page.goto("/telesuivi/?filtre=vert")
    _opens_covid(physician.page)
    address, code = _link_of(physician)
    page = person.page
    page.context.new_cdp_session(page).send("Page.setFontSizes", _LARGE)
    page.clock.install()
    page.goto(address)
    page.get_by_label("Code à six chiffres").fill(code)
    page.get_by_role("button", name="Continuer").tap()
    expect(page.get_by_role("heading", name=re.compile("^Bonjour"))).to_be_visible()

    began = time.monotonic()
    page.get_by_role("button", name="Répondre maintenant").or_(
        page.get_by_role("link", name="Répondre")
    ).first.tap()
    for question, number in (("température", "36,8"), ("au repos", "97"), ("40 pas", "97")):
        expect(page.locator("#question")).to_contain_text(question)
        page.locator("#valeur").fill(number)
        page.get_by_role("button", name="Continuer").tap()
    expect(page.locator("#question")).to_contain_text("respirez-vous")
    _counts(page)
    page.get_by_role("button", name="Continuer").tap()
    person.says(_WELL)
    page.get_by_role("button", name="Envoyer").tap()
    expect(page.get_by_text("Il n’y a rien d’autre à faire pour cette fois.")).to_be_visible()
    assert time.monotonic() - began + _COUNTED < _LONGEST
