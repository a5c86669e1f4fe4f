import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_merged import founds

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
    # As when too many people log in at the same moment.
    nurse.page.route("**/connexion/deverrouiller/", lambda route: route.fulfill(status=503), times=1)
    unlock(nurse.page, account.password)
    expect(cover.get_by_role("alert")).to_contain_text("Recommencez dans quelques secondes")
    unlock(nurse.page, account.password)
    expect(cover).to_be_hidden()
    expect(nurse.page.get_by_label("Note", exact=True)).to_have_value("Commencée avant la pause.")


def test_what_is_behind_the_lock_hears_again_what_happens_once_it_is_opened(visit, platform):
    """Its stream ends while it is locked: the page said « Session terminée » over a session that goes on."""
    nurse, other = visit(), visit("s.norbert")
    name = "KERDREIN"
    founds(other, name, "Solange", "17/06/1932")
    account = platform.account("s.norbert")
    nurse.log_in(account, device=SHARED)
    page = nurse.page
    page.goto(f"{other.page.url}notes/nouvelle/")
    page.get_by_label("Note", exact=True).fill("Commencée avant la pause.")
    with page.expect_response("**/connexion/verrouiller/"):
        page.evaluate("localStorage.setItem('terresante-seen', '0')")
    cover = page.get_by_role("dialog", name="Session verrouillée")
    expect(cover).to_be_visible()
    # The stream asks again whom it serves, at once rather than within half a minute: nobody.
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(4_000)
    unlock(page, account.password)
    expect(cover).to_be_hidden()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Commencée avant la pause.")
    expect(page.get_by_text("Session terminée")).to_have_count(0)

    other.page.goto(f"{other.page.url}choix/opposition-au-dossier/")
    other.page.get_by_label("Comment la personne l’a exprimé").fill("Dit ce jour, au domicile")
    other.page.get_by_role("button", name="Fermer le dossier").click()

    expect(page.get_by_role("heading", name="Dossier fermé")).to_be_visible()
    expect(page.get_by_label("Ce que vous écriviez")).to_have_value("Commencée avant la pause.")


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
