"""Persons followed at home answer: with a link and large letters, without network, from their own account."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey
# What a person sets who sees badly: letters twice as large (pixels).
_LARGE = {"fontSizes": {"standard": 32}}
_SEALED = """async () => {
  const opened = await new Promise((resolve) => {
    const asked = indexedDB.open("suivi");
    asked.onsuccess = () => resolve(asked.result);
  });
  const all = (name) => new Promise((resolve) => {
    const asked = opened.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => resolve(asked.result);
  });
  const [keys, kits] = [await all("key"), await all("kit")];
  opened.close();
  return { extractable: keys[0].extractable, fields: Object.keys(kits[0]).sort() };
}"""
_WELL = ("Comme d’habitude", "Non", "Comme d’habitude", None, None, None, "Non", "Non", "Oui", None)


def _weighs(page: Page, kilograms: str) -> None:
    asked = page.get_by_role("heading", name="Combien pesez-vous ce matin ?")
    expect(asked).to_be_visible()
    field = page.locator("#valeur")
    for key in kilograms:
        pad = page.locator(f"[data-key='{key}']")
        if pad.count():
            pad.tap()
        else:
            field.fill(kilograms)
    page.get_by_role("button", name="Continuer").tap()
    expect(asked).to_have_count(0)


def _link_of(physician: Visitor) -> tuple[str, str]:
    """Given again by the physician: what is sent, and what is said."""
    physician.page.goto(physician.open_record("TESSIER") + "telesuivi/")
    physician.page.get_by_role("link", name=re.compile("^Ouvrir")).first.click()
    physician.page.get_by_role("button", name="Donner un nouveau lien").click()
    code = physician.page.locator(".code-to-give").inner_text()
    token = physician.page.locator("input[name=token]").first.input_value()
    return f"/suivi/{token}/", code


def test_a_person_of_great_age_answers_by_a_link_in_large_letters_and_is_told_to_call_15(
    visit: Visits,
) -> None:
    address, code = _link_of(visit("s.norbert"))
    person = visit(phone=True)
    page = person.page
    page.context.new_cdp_session(page).send("Page.setFontSizes", _LARGE)
    page.goto(address)
    assert "TESSIER" not in page.content()
    assert person.axe() == []
    _opens(page, address, code)
    _tells_once_more(page)
    page.get_by_role("link", name="Répondre").first.tap()

    _weighs(page, "64")
    assert person.axe() == [] and person.too_wide() <= 0
    person.says(_WELL[:3])
    page.get_by_role("link", name="Plus tard").tap()
    page.get_by_role("link", name="Répondre").first.tap()
    expect(page.get_by_role("heading", name=re.compile("^Tension : le premier"))).to_be_visible()
    person.says((*_WELL[3:6], "Oui", *_WELL[7:]))
    expect(page.get_by_role("heading", name="Ma réponse")).to_be_visible()
    assert person.axe() == [] and person.too_wide() <= 0
    page.get_by_role("button", name="Envoyer").tap()

    expect(page.get_by_role("alert")).to_contain_text("15")
    expect(page.get_by_role("link", name="Appeler le 15").first).to_have_attribute("href", "tel:15")
    expect(page.get_by_text("L’équipe de suivi répond jour et nuit.")).to_be_visible()
    assert person.axe() == [] and person.too_wide() <= 0


def test_a_patient_answers_without_network_is_told_red_at_once_and_it_leaves_by_itself(visit: Visits) -> None:
    patient = visit("p.isidore", phone=True)
    page = patient.page
    page.goto("/mon-dossier/")
    expect(page.get_by_role("heading", name="Aujourd’hui", exact=True)).to_be_visible()
    page.goto("/mon-dossier/suivi/")
    page.wait_for_function("() => localStorage.getItem('suivi-kept') === '1'")
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    assert page.evaluate(_SEALED) == {"extractable": False, "fields": ["data", "iv"]}
    page.reload()
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")

    page.context.set_offline(True)
    page.goto("/mon-dossier/suivi/")
    page.get_by_role("button", name="Répondre").tap()
    _weighs(page, "64")
    patient.says(_WELL[:6])
    patient.says(("Oui", *_WELL[7:]))
    assert patient.axe() == [] and patient.too_wide() <= 0
    page.get_by_role("button", name="Envoyer").tap()
    expect(page.get_by_role("alert")).to_contain_text("15")
    expect(page.get_by_text("Votre réponse est gardée sur ce téléphone.")).to_be_visible()

    page.context.set_offline(False)
    page.goto("/mon-dossier/suivi/")
    expect(page.get_by_text("Votre réponse gardée sans réseau est maintenant envoyée.")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Revoir ce qu’il faut faire").tap()
    expect(page.get_by_role("alert")).to_contain_text("15")
    expect(page.get_by_text("Réponse donnée sans réseau")).to_be_visible()
    assert patient.axe() == [] and patient.too_wide() <= 0


def test_what_was_answered_under_a_link_closed_since_is_kept_and_leaves_by_the_next_link(
    visit: Visits,
) -> None:
    """Nothing is lost: the telephone keeps it, says so, and sends it once the person is back."""
    physician, person = visit("s.norbert"), visit(phone=True)
    page = person.page
    address, code = _link_of(physician)
    _opens(page, address, code)
    _tells_once_more(page)
    page.wait_for_function("() => localStorage.getItem('suivi-kept') === '1'")
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    with page.expect_response("**/suivi/kit/"):
        page.reload()
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.goto("/suivi/")
    page.get_by_role("button", name="Répondre").tap()
    _weighs(page, "64")
    person.says(_WELL)
    page.get_by_role("button", name="Envoyer").tap()
    expect(page.get_by_text("Votre réponse est gardée sur ce téléphone.")).to_be_visible()
    address, code = _link_of(physician)

    page.context.set_offline(False)
    page.goto("/suivi/")
    expect(page.get_by_text("votre réponse reste gardée sur ce téléphone")).to_be_visible()
    assert person.axe() == [] and person.too_wide() <= 0
    _opens(page, address, code)
    expect(page.get_by_text("Votre réponse gardée sans réseau est maintenant envoyée.")).to_be_visible()


def _opens(page: Page, address: str, code: str) -> None:
    page.goto(address)
    page.get_by_label("Code à six chiffres").fill(code)
    page.get_by_role("button", name="Continuer").tap()
    expect(page.get_by_role("heading", name=re.compile("^Bonjour"))).to_be_visible()


def _tells_once_more(page: Page) -> None:
    """Journeys come in any order: she may have answered already, in another one."""
    page.wait_for_load_state()
    if page.get_by_role("link", name="Répondre").count():
        return
    page.get_by_role("button", name="Répondre maintenant").tap()
    expect(page.get_by_role("heading", name="Combien pesez-vous ce matin ?")).to_be_visible()
    page.goto("/suivi/")
