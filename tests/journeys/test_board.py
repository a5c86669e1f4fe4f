"""A cell watches people at home: its board turns red live, one operator takes the alert, calls, and closes it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shots import shot_as_it_is

pytestmark = pytest.mark.journey


def _answer_over_the_telephone(page: Page) -> None:
    """Everything well, but for a breath that fails when she talks."""
    for _ in range(20):
        if page.get_by_role("button", name="Envoyer").is_visible():
            page.get_by_role("button", name="Envoyer").click()
            return
        question = page.locator("#question").inner_text()
        options = page.locator(".fill-form button[name=valeur]")
        if re.search("souffl", question, re.IGNORECASE) and options.count():
            options.filter(has_text=re.compile("parl", re.IGNORECASE)).first.click()
        elif options.count():
            options.first.click()
        else:
            page.locator(".fill-pass button").click()
        expect(page.locator("#question", has_text=question)).to_have_count(0)
    raise AssertionError("the form never ends")


def test_a_board_turns_red_live_and_one_operator_closes_the_alert(visit):
    operator = visit("n.haddad")
    board = operator.page
    board.goto("/")
    board.get_by_role("link", name="Télésuivi").first.click()
    rows = board.locator("[data-row]")
    expect(rows.nth(20)).to_be_visible()
    expect(rows.first).to_contain_text("Rouge")
    shot_as_it_is(operator, "board")

    red = board.locator(".chip", has_text="Rouge")
    reds = int(red.locator("b").inner_text())
    physician = visit("s.norbert")
    page = physician.page
    page.goto("/telesuivi/")
    name = rows.filter(has_text="Sans réponse").locator("a[data-open]").inner_text()
    mine = rows.filter(has_text=name)
    page.locator("[data-row]").filter(has_text=name).locator("a[data-open]").click()
    physician.follow(page.get_by_role("link", name="Répondre avec la personne"))
    _answer_over_the_telephone(page)

    expect(mine).to_contain_text("Rouge", timeout=10_000)
    expect(mine).to_contain_text("Essoufflement")
    expect(red).to_contain_text(str(reds + 1), timeout=5_000)
    announced = board.get_by_role("button", name="remettre le tableau en ordre")
    expect(announced).to_be_visible()
    announced.click()
    # The rows come after the click, and take the focus: a key pressed before would be of no row.
    expect(board.locator("[data-live-url*='partie=lignes']")).to_be_focused()

    mine.locator("a[data-open]").focus()
    board.keyboard.press("p")
    expect(board.get_by_role("heading", name="Pourquoi cette couleur")).to_be_visible()
    expect(operator.toasts().first).to_contain_text("L’alerte est à vous")
    shot_as_it_is(operator, "alert")
    page.goto("/telesuivi/")
    seen = page.locator("[data-row]").filter(has_text=name)
    expect(seen).to_contain_text("HADDAD")
    expect(seen.get_by_role("button", name="Prendre")).to_have_count(0)

    board.locator("label.chip", has_text="Jointe").click()
    board.get_by_role("button", name="Noter l’appel").click()
    expect(operator.toasts().first).to_contain_text("L’appel est noté")
    board.locator("label.chip", has_text="Adressé à un médecin").click()
    board.get_by_label("Motif").fill("Vue par son médecin cet après-midi.")
    board.get_by_role("button", name="Clore l’alerte").click()
    expect(board.get_by_text("Vue par son médecin cet après-midi.")).to_be_visible()
    expect(seen).to_contain_text("Adressé à un médecin", timeout=10_000)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_pages_of_a_cell_are_read_at_both_sizes(visit, phone):
    operator = visit("n.haddad", phone=phone)
    page = operator.page
    page.goto("/telesuivi/")
    expect(page.locator("[data-row]").first).to_be_visible()
    shot_as_it_is(operator, "board")
    page.get_by_role("link", name="Activité").click()
    expect(page.get_by_role("heading", name="Activité de la cellule")).to_be_visible()
    shot_as_it_is(operator, "activity")
    page.go_back()
    page.locator("a[data-open]").first.click()
    expect(page.get_by_role("heading", name="Pourquoi cette couleur")).to_be_visible()
    shot_as_it_is(operator, "alert")
