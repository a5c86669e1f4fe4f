"""Browsers, one per person."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, StorageState, ViewportSize

from config.local.check import BROWSERS
from config.local.failure import Failure
from tests.journeys.platform import Platform
from tests.journeys.steps import Visitor, open_session

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
# How long a page is waited for (milliseconds): on a loaded machine of two cores, three times what it usually takes.
PATIENCE = 20_000
# A login costs seconds, and each of its codes serves once: the sessions opened are kept for all the journeys.
_sessions: dict[str, StorageState] = {}


def chromium(playwright: Playwright) -> Browser:
    """Raises Failure when there is none."""
    path = os.environ.get("TERRESANTE_BROWSER") or next(
        filter(None, map(shutil.which, BROWSERS)), BROWSERS[0]
    )
    if not Path(path).exists():
        raise Failure(
            f"Aucun navigateur en {path} : installez chromium, ou donnez son chemin par TERRESANTE_BROWSER."
        )
    return playwright.chromium.launch(
        executable_path=path,
        args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    )


class Visits:
    """Opens separate browsers, at either size; keeps what any page's scripts complained of."""

    def __init__(self, browser: Browser, platform: Platform) -> None:
        self._browser, self._platform = browser, platform
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def __call__(
        self,
        account: str = "",
        *,
        at: str = "",
        phone: bool = False,
        javascript: bool = True,
        host: str = "127.0.0.1",
    ) -> Visitor:
        """Already logged in when an account is named, and on the page `at`; `host`: passkeys need a name."""
        context = self._browser.new_context(
            base_url=self._platform.base_url.replace("127.0.0.1", host),
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            is_mobile=phone,
            java_script_enabled=javascript,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            storage_state=self._session(account) if account else None,
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self._contexts.append(context)
        visitor = Visitor(context.new_page(), self._platform)
        if at:
            visitor.page.goto(at)
        return visitor

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _session(self, account: str) -> StorageState:
        if account not in _sessions:
            context = self._browser.new_context(base_url=self._platform.base_url)
            open_session(context.request, self._platform.account(account))
            _sessions[account] = context.storage_state()
            context.close()
        return _sessions[account]
