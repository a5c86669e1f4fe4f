"""What a person does, in the words of the screen."""

from pathlib import Path

import pyotp
from playwright.sync_api import Page, expect

from config.local.demo import DemoAccount
from tests.journeys.platform import Platform

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RULES = """async () => (await axe.run(document, {resultTypes: ['violations']}))
    .violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 5)])"""


class Visitor:
    def __init__(self, page: Page, platform: Platform) -> None:
        self.page, self.platform = page, platform

    def log_in(self, account: DemoAccount) -> None:
        self.page.goto("/connexion/")
        self.page.get_by_label("Identifiant").fill(account.login)
        self.page.get_by_label("Mot de passe").fill(account.password)
        self.page.get_by_role("button", name="Continuer").click()
        code = self.page.get_by_label("Code", exact=False)
        expect(code).to_be_visible()
        code.fill(pyotp.TOTP(account.totp_secret).now())
        self.page.get_by_role("button", name="Se connecter").click()
        self.page.wait_for_url(lambda url: "/connexion" not in url)

    def axe(self) -> list[object]:
        """What axe-core finds on this page; the CSP is not loosened: the script enters through DevTools."""
        self.page.evaluate(AXE.read_text())
        return list(self.page.evaluate(_RULES))

    def assert_accessible(self) -> None:
        found = self.axe()
        assert found == [], f"{self.page.url}: {found}"
