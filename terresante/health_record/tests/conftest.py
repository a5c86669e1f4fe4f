import pytest


@pytest.fixture(autouse=True)
def _files(files_of_the_test) -> None:
    pass
