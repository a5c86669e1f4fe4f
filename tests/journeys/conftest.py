import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.platform import Platform, running_platform
from tests.journeys.steps import Visitor

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("TERRESANTE_BROWSER", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.fail(
            f"Aucun navigateur en {path} : installez chromium, ou donnez son chemin par TERRESANTE_BROWSER."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, platform: Platform) -> Iterator["Visits"]:
    visits = Visits(browser, platform)
    yield visits
    visits.close()


class Visits:
    """Opens separate browsers, one per person, at either size; fails on an error in any page's console."""

    def __init__(self, browser: Browser, platform: Platform) -> None:
        self._browser, self._platform = browser, platform
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def __call__(self, account: str = "", *, phone: bool = False, javascript: bool = True) -> Visitor:
        size = PHONE if phone else DESK
        context = self._browser.new_context(
            base_url=self._platform.base_url,
            viewport=size,
            has_touch=phone,
            is_mobile=phone,
            java_script_enabled=javascript,
            locale="fr-FR",
            timezone_id="Europe/Paris",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        visitor = Visitor(page, self._platform)
        if account:
            visitor.log_in(self._platform.account(account))
        return visitor

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        assert self.errors == []
