import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.hospital import Hospital
from tests.journeys.platform import Platform, running_platform
from tests.journeys.visits import Visits


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
def visit(browser: Browser, platform: Platform) -> Iterator[Visits]:
    visits = Visits(browser, platform)
    yield visits
    visits.close()
    assert visits.errors == []


@pytest.fixture
def hospital(platform: Platform) -> Hospital:
    return Hospital(platform)
