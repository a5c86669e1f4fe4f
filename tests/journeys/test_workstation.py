import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey

SHARED = "C’est un poste partagé"


def test_a_ward_s_screen_covers_itself_and_keeps_what_was_being_written(visit, platform):
    nurse = visit()
    account = platform.account("c.marie")
    nurse.log_in(account, device=SHARED)
    path = nurse.open_record("ISIDORE")
    nurse.page.clock.install()
    nurse.page.goto(f"{path}notes/nouvelle/")
    nurse.page.get_by_label("Note", exact=True).fill("Commencée avant la pause.")
    # The browser's clock alone runs ahead: the server locks because the page tells it.
    with nurse.page.expect_response("**/connexion/verrouiller/"):
        nurse.page.clock.fast_forward("10:05")

    cover = nurse.page.get_by_role("dialog", name="Session verrouillée")
    expect(cover).to_be_visible()
    expect(nurse.page).to_have_title("Session verrouillée")
    behind = unquote(nurse.page.context.request.get(path).url)
    assert behind.endswith(f"/connexion/verrouillee/?next={path}")
    unlock(nurse.page, "faux")
    expect(cover.get_by_role("alert")).to_contain_text("Ce n’est pas le mot de passe")
    unlock(nurse.page, account.password)
    expect(cover).to_be_hidden()
    expect(nurse.page.get_by_label("Note", exact=True)).to_have_value("Commencée avant la pause.")


def test_the_next_nurse_takes_the_place_in_one_step(visit, platform):
    ward = visit()
    first, second = platform.account("k.benali"), platform.account("p.lemoine")
    ward.log_in(second, device=SHARED)
    ward.log_out()
    ward.log_in(first, device=SHARED)
    ward.page.goto("/patients/")
    ward.page.locator("summary", has=ward.page.locator(".user-name")).click()
    ward.page.get_by_role("button", name="Verrouiller, changer d’utilisateur").click()
    expect(ward.page.get_by_role("heading", name="Session verrouillée")).to_be_visible()
    ward.page.get_by_label("Identifiant").fill(second.login)
    ward.page.get_by_label("Mot de passe").last.fill(second.password)
    ward.page.get_by_role("button", name="Prendre le poste").click()
    expect(ward.page.locator(".user-name")).to_contain_text(re.compile("Lemoine", re.IGNORECASE))


def unlock(page: Page, password: str) -> None:
    page.get_by_role("dialog").get_by_label("Mot de passe").fill(password)
    page.get_by_role("dialog").get_by_role("button", name="Déverrouiller").click()
