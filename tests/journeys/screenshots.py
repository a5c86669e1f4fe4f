"""`python -m tests.journeys.screenshots`: every screen of a demonstration, at both sizes, in var/screenshots."""

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from config.local.places import say, var_folder
from tests.journeys.hospital import Hospital
from tests.journeys.pages import walk
from tests.journeys.platform import running_platform
from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits, chromium

_STREAM_OPENS_MS = 1_000


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
        taken += _photograph_an_alert(visits, Hospital(platform), folder)
        visits.close()
        browser.close()
    say(f"{taken} images dans {folder}")


def _photograph(visits: Visits, folder: Path, *, phone: bool) -> int:
    taken = 0
    for screen, visitor in walk(visits, phone=phone):
        _take(visitor, folder, screen.name, phone=phone)
        taken += 1
    return taken


def _photograph_an_alert(visits: Visits, hospital: Hospital, folder: Path) -> int:
    """As it arrives on any screen. The last: it changes the region."""
    watching = {phone: visits("a.georges", phone=phone) for phone in (False, True)}
    for visitor in watching.values():
        visitor.page.goto("/annuaire/")
        visitor.page.wait_for_timeout(_STREAM_OPENS_MS)
    hospital.admits("cardiologie", "CAUVIN")
    for phone, visitor in watching.items():
        expect(visitor.toasts()).to_have_count(1)
        _take(visitor, folder, "alerte", phone=phone)
    return len(watching)


def _take(visitor: Visitor, folder: Path, name: str, *, phone: bool) -> None:
    size = "390x844" if phone else "1440x900"
    visitor.page.screenshot(path=folder / f"{name}-{size}.png", animations="disabled")


if __name__ == "__main__":
    main()
