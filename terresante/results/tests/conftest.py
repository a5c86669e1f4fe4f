import pytest

from terresante.interop.tests import wire


@pytest.fixture(autouse=True)
def _files(files_of_the_test) -> None:
    pass


@pytest.fixture
def hospital(cast):
    return wire.connect()
