from terresante.interop.tests.conftest import _files_of_the_test as _files_of_the_test
