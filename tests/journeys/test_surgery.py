"""An operation from its enrolment to a month after: begun in two minutes, moved, answered, watched, ended."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.journeys.platform import Platform
from tests.journeys.steps import Visitor, until_shown
from tests.journeys.visits import Visits

pytestmark = pytest.mark.journey
# Seconds, the machine of the integration server included (MISSION F1).
_LONGEST = 120


_READY = ("Oui", "Non", "Non", "Oui", "Oui", "Oui")
_EVE = ("Non", "Oui", "Oui", "Oui", "Oui", "Oui", "Oui")
_CLEAN = "Propre, ou cachée par le pansement"
_DISCHARGE = (
    *("Écart de moins de 20 %", "Marche sûre, sans vertige", "Absents ou légers", "Légère"),
    *("Léger", "Oui", "Oui"),
)
_AFTER = ("Non", "0", None, _CLEAN, "Non", "Non", "Non", "Oui", "Oui", None)
_A_MONTH_LATER = ("1", "Propre et fermée", "Non", "Non", "Oui", "9", None)


def _in(days: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=days)).isoformat()


def _answers(person: Visitor, answers: tuple[str | None, ...], *, told: str) -> None:
    page = person.page
    page.goto("/suivi/")
    until_shown(page, page.get_by_role("link", name="Répondre"))
    page.get_by_role("link", name="Répondre").tap()
    person.says(answers)
    page.get_by_role("button", name="Envoyer").tap()
    expect(page.get_by_text(told).first).to_be_visible()


def _closes(operator: Visitor, name: str) -> None:
    page = operator.page
    page.goto("/telesuivi/?filtre=rouge&q=" + name)
    row = page.locator("[data-row]").filter(has_text=re.compile(name, re.IGNORECASE))
    until_shown(page, row)
    expect(row).to_contain_text("Douleur")
    row.locator("a[data-open]").click()
    page.locator("label.chip", has_text="Conseil donné").click()
    page.get_by_label("Motif").fill("Antalgique repris, soulagée.")
    page.get_by_role("button", name="Clore l’alerte").click()
    expect(page.get_by_text("Antalgique repris, soulagée.")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_an_operation_is_followed_from_its_enrolment_to_a_month_after_though_its_date_moves(
    visit: Visits, platform: Platform, phone: bool
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
    given = page.locator(".code-to-give")
    expect(given).to_have_text(re.compile(r"^\d{6}$"))
    assert time.monotonic() - began < _LONGEST
    assert physician.axe() == [] and physician.too_wide() <= 0
    code, token = given.inner_text(), page.locator("input[name=token]").input_value()

    page.goto(record + "telesuivi/")
    page.get_by_role("link", name=re.compile("^Ouvrir")).first.click()
    here = page.url
    planned = page.locator(".card", has=page.get_by_role("heading", name="Ce qui est prévu")).locator("li")
    expect(planned).to_have_count(5)
    before = planned.all_inner_texts()
    page.get_by_role("link", name="Changer la date de référence").click()
    page.get_by_label("Date de l’opération").fill(_in(12))
    page.get_by_role("button", name="Changer la date").click()
    expect(planned.first).not_to_have_text(before[0])
    expect(planned).to_have_count(5)
    assert physician.axe() == [] and physician.too_wide() <= 0

    follow_up = here.rstrip("/").rpartition("/")[2]
    person = visit(phone=True)
    person.page.goto(f"/suivi/{token}/")
    person.page.get_by_label("Code à six chiffres").fill(code)
    person.page.get_by_role("button", name="Continuer").tap()
    expect(person.page.get_by_role("heading", name="Le suivi n’a pas encore commencé")).to_be_visible()
    well, steps = "Il n’y a rien d’autre à faire pour cette fois.", {"J-7": _READY, "J-1": _EVE}
    for step, answers in steps.items():
        platform.days_pass(follow_up, step)
        _answers(person, answers, told=well)
    platform.days_pass(follow_up, "J0")
    page.goto(here)
    physician.follow(page.get_by_role("link", name="Score de sortie (PADSS)"))
    physician.says(_DISCHARGE)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Réponse envoyée")).to_be_visible()
    platform.days_pass(follow_up, "J+1")
    _answers(person, ("8", *_AFTER), told="Il faut un avis médical maintenant")
    _closes(visit("n.haddad"), "LAGARDE")
    for step in ("J+3", "J+7"):
        platform.days_pass(follow_up, step)
        _answers(person, ("2", *_AFTER), told=well)
    platform.days_pass(follow_up, "J+30")
    _answers(person, _A_MONTH_LATER, told=well)

    page.goto(here)
    until_shown(page, page.get_by_text("Plus rien n’est prévu."))
    answered = page.locator(".card", has=page.get_by_role("heading", name="Réponses")).locator("li")
    expect(answered).to_have_count(7)
    page.get_by_role("link", name="Terminer").click()
    page.get_by_label("Le suivi est arrivé à son terme").check()
    page.get_by_role("button", name="Terminer le télésuivi").click()
    expect(page.get_by_text(re.compile("télésuivis? terminés?$"))).to_be_visible()
    person.page.goto("/suivi/")
    expect(person.page.get_by_label("Code à six chiffres")).to_be_visible()
