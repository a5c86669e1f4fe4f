import pytest

from tests.access.matrix.people import Rows, settle
from tests.cast import Cast, Kept


@pytest.fixture(scope="session")
def settled(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Kept[tuple[Cast, Rows]]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        return Kept(settle, lambda made: (made[0].again(), dict(made[1])))


@pytest.fixture
def world(settled: Kept[tuple[Cast, Rows]]) -> tuple[Cast, Rows]:
    """The situations of the matrix, in a test that commits."""
    return settled.play()
