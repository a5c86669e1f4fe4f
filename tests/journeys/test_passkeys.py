import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import Visitor

pytestmark = pytest.mark.journey


def test_a_coordinator_makes_a_passkey_and_enters_with_it_alone(visit, platform):
    coordinator = visit(host="localhost")
    give_device(coordinator.page)
    coordinator.log_in(platform.account("n.haddad"))
    expect(coordinator.page.get_by_role("heading", name="Se connecter plus vite")).to_be_visible()
    coordinator.page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(coordinator.page.get_by_role("heading", name="Mes patients")).to_be_visible()
    coordinator.log_out()

    coordinator.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(coordinator.page.get_by_role("heading", name="Mes patients")).to_be_visible()
    remove_key(coordinator)


def remove_key(coordinator: Visitor) -> None:
    coordinator.page.goto("/mon-compte/securite/")
    coordinator.page.get_by_role("button", name="Retirer la clé").click()
    expect(coordinator.toasts().first).to_contain_text("La clé d’accès est retirée")
    coordinator.log_out()
    coordinator.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(coordinator.page.get_by_text("n’est pas reconnue")).to_be_visible()


def give_device(page: Page) -> None:
    """A computer that keeps keys and knows its owner, by Chromium's own means."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
