from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.hospital import Hospital
from tests.journeys.platform import Platform, running_platform
from tests.journeys.visits import Visits


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture
def visit(browser: Browser, platform: Platform) -> Iterator[Visits]:
    visits = Visits(browser, platform)
    yield visits
    visits.close()
    assert visits.errors == []


@pytest.fixture(scope="session")
def hospital(platform: Platform) -> Hospital:
    return Hospital(platform)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walk through every screen comes first: it expects the region as it was loaded, journeys change it."""
    items.sort(key=lambda item: "test_accessible.py" not in item.nodeid)
