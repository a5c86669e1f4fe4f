from collections.abc import Iterator

import pytest

from terresante.interop.tests import wire


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path) -> Iterator[None]:
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "files": storage}
    yield


@pytest.fixture
def hospital(cast):
    return wire.connect()


@pytest.fixture
def madeleine(cast, hospital):
    wire.know(cast.madeleine_record, hospital)
    return wire.person(cast.madeleine_record)
