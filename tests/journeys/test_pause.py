"""A follow-up that is suspended says so to who answers, with a network and without one."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.journeys.shots import photograph
from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey


def _in(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_a_pause_is_told_to_who_answers_without_network_too(visit: Visits) -> None:
    physician = visit("a.georges")
    page = physician.page
    page.goto(physician.open_record("TOUSSAINT") + "telesuivi/commencer/")
    page.get_by_role("link", name="Choisir Chirurgie ambulatoire").click()
    page.get_by_label("Date de l’opération").fill(_in(20))
    cell = page.get_by_label("Cellule qui suit les réponses")
    cell.select_option(cell.locator("option", has_text="Val-de-Marne").get_attribute("value"))
    page.get_by_role("button", name="Commencer le télésuivi").click()
    code = page.locator(".code-to-give").inner_text()
    token = page.locator("input[name=token]").input_value()
    person = visit(phone=True)
    phone = person.page
    phone.goto(f"/suivi/{token}/")
    phone.get_by_label("Code à six chiffres").fill(code)
    phone.get_by_role("button", name="Continuer").tap()
    expect(phone.get_by_role("heading", name="Le suivi n’a pas encore commencé")).to_be_visible()
    assert person.axe() == [] and person.too_wide() <= 0
    phone.evaluate("async () => { await navigator.serviceWorker.ready }")

    page.goto(physician.open_record("TOUSSAINT") + "telesuivi/")
    page.get_by_role("link", name=re.compile("^Ouvrir Chirurgie")).first.click()
    here = page.url
    physician.follow(page.get_by_role("link", name="Suspendre"))
    page.get_by_label("Pourquoi ?").fill("Opération reportée")
    page.get_by_label("Reprise le").fill(_in(9))
    page.get_by_role("button", name="Suspendre").click()
    expect(page.get_by_text("Motif : Opération reportée")).to_be_visible()
    assert physician.axe() == [] and physician.too_wide() <= 0
    photograph(page, "pause-professionnel")

    with phone.expect_response("**/suivi/kit/"):
        phone.goto("/suivi/")
    paused = phone.get_by_role("heading", name="Le suivi est en pause")
    expect(paused).to_be_visible()
    expect(phone.get_by_text("Opération reportée")).to_have_count(0)
    assert person.axe() == [] and person.too_wide() <= 0
    photograph(phone, "pause-personne")
    phone.wait_for_function("() => localStorage.getItem('suivi-kept') === '1'")
    phone.wait_for_function("() => navigator.serviceWorker.controller !== null")
    phone.context.set_offline(True)
    phone.goto("/suivi/")
    expect(phone.get_by_role("heading", name="Mon suivi, sans réseau")).to_be_visible()
    expect(paused).to_be_visible()
    expect(phone.get_by_text("Les questions reviennent le")).to_be_visible()
    assert person.axe() == [] and person.too_wide() <= 0
    photograph(phone, "pause-sans-reseau")

    # Nothing of it is left for who comes next.
    page.goto(here)
    physician.follow(page.get_by_role("link", name="Terminer"))
    page.get_by_label("Suivi ouvert par erreur").check()
    page.get_by_role("button", name="Terminer le télésuivi").click()
    expect(page.get_by_text("Le télésuivi est terminé.")).to_be_visible()
