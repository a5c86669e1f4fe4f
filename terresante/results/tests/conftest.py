from terresante.interop.tests.conftest import _files_of_the_test, hospital  # noqa: F401  # fixtures
