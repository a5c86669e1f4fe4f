"""`python -m tests.journeys.screenshots`: every screen of a demonstration, at both sizes, in var/screenshots."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from config.local.places import say, var_folder
from tests.journeys.pages import walk
from tests.journeys.platform import running_platform
from tests.journeys.visits import Visits, chromium


def main() -> None:
    folder = var_folder() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as var,
        running_platform(Path(var)) as platform,
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        visits = Visits(browser, platform)
        taken = sum(_photograph(visits, folder, phone=phone) for phone in (False, True))
        visits.close()
        browser.close()
    say(f"{taken} images dans {folder}")


def _photograph(visits: Visits, folder: Path, *, phone: bool) -> int:
    taken = 0
    for screen, visitor in walk(visits, phone=phone):
        size = "390x844" if phone else "1440x900"
        visitor.page.screenshot(path=folder / f"{screen.name}-{size}.png", animations="disabled")
        taken += 1
    return taken


if __name__ == "__main__":
    main()
