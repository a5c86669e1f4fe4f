from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    yield
