import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import fresh_totp

pytestmark = pytest.mark.journey

_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const label = at.labels && at.labels[0];
  const said = at.getAttribute('aria-label') || (label && label.textContent) || at.textContent || at.value || '';
  const seen = [at, label].filter(Boolean).some((shown) => {
    const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return (ring || style.boxShadow !== 'none') && box.bottom > 0 && box.top < innerHeight;
  });
  return {said: said.replace(/\\s+/g, ' ').trim(), seen};
}"""
# The name of what has the focus, when a docked bar lies over its middle.
_UNDER = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at.closest('.bottom-bar, .main-action, .actions-main, .frame, .skip')) return '';
  const box = at.getBoundingClientRect();
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
  const bar = over && over.closest('.bottom-bar, .main-action, .actions-main, .frame');
  return bar ? `${(at.getAttribute('aria-label') || at.textContent).trim()} under ${bar.className}` : '';
}"""


def test_a_whole_visit_without_a_mouse(visit, platform):
    page = visit().page
    account = platform.account("a.georges")
    page.goto("/connexion/")
    tab_to(page, "Identifiant")
    page.keyboard.type(account.login)
    tab_to(page, "Mot de passe")
    page.keyboard.type(account.password)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code à six chiffres")).to_be_focused()
    page.keyboard.type(fresh_totp(account))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mes patients")).to_be_visible()

    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("Isidore")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche/**")
    tab_to(page, "Pierrette ISIDORE")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dossiers/**")

    tab_to(page, "Écrire une note")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/nouvelle/")
    tab_to(page, "^Note$")
    page.keyboard.type("Écrite sans souris.")
    tab_to(page, "Enregistrer la note", back=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/")

    tab_to(page, account.login.split(".")[1])
    page.keyboard.press("Enter")
    tab_to(page, "Se déconnecter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()


def tab_to(page: Page, words: str, *, back: bool = False) -> None:
    """By the Tab key only; wherever it stops, the eye finds it."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        focus = page.evaluate(_FOCUS)
        if focus is None:
            continue
        assert focus["seen"], f"{page.url}: the focus cannot be seen on « {focus['said']} »"
        if re.search(words, focus["said"], re.IGNORECASE):
            return
    pytest.fail(f"{page.url}: « {words} » cannot be reached with the keyboard")


@pytest.mark.parametrize("large", [False, True], ids=["", "letters twice as large"])
def test_on_a_telephone_what_has_the_focus_stands_clear_of_what_is_docked(visit, large):
    visitor = visit("c.marie", phone=True)
    page = visitor.page
    if large:
        page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    visitor.open_record("ISIDORE")
    record = page.url.partition("?")[0].rstrip("/")

    for path in ("/notes/", "/cercle/"):
        page.goto(record + path)
        hidden = [said for said in _walk(page, 30) if said]
        assert not hidden, f"{path}: {hidden}"


def _walk(page: Page, steps: int) -> list[str]:
    """What has the focus after each key, when something docked lies over it; '' when it is seen."""
    found = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        found.append(page.evaluate(_UNDER))
    return found
