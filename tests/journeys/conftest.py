from collections import Counter
from collections.abc import Iterator
from random import Random

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


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> object:
    """That of the order of the tests, which `make check` prints, and which all the processes of a run share."""
    return request.config.getoption("randomly_seed", 0)


# What two processes begin with: one walks through the screens at the size of a desk, the other does what needs no
# region while that one loads it, then walks as a phone. The walks expect the region as it was loaded: a login changes
# nothing in it, other journeys do.
_FIRST = ("test_accessible.py", "test_look.py", "test_login.py", "test_accessible_phone.py")
_MANY = 4


def pytest_itemcollected(item: pytest.Item) -> None:
    """Of a journey that is walked at both sizes, a run of `make check` draws one; the other is long."""
    phone = getattr(item, "callspec", None) and item.callspec.params.get("phone")
    if phone is not None:
        draw = Random(f"{item.config.getoption('randomly_seed', 0)} {item.nodeid.partition('[')[0]}")
        if (draw.random() < 0.5) == phone:
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Then the files of many journeys, so that two processes end at about the same time. Other tests keep theirs."""
    many = Counter(item.path for item in items)
    items.sort(key=lambda item: _rank(item, of_many=many[item.path] >= _MANY))


def _rank(item: pytest.Item, *, of_many: bool) -> tuple[int, bool]:
    if item.get_closest_marker("journey") is None:
        return (-1, False)
    return (_FIRST.index(item.path.name) if item.path.name in _FIRST else len(_FIRST), not of_many)
