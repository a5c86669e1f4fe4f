import re

from config.local.check import naming
from config.local.places import ROOT

KEPT_APART = re.compile(r"^(?!pytestmark\b)\w+ = .*\bmark\.(?:long|journey)\b", re.MULTILINE)


def test_a_mark_is_named_in_every_file_whose_tests_bear_it():
    """What `make check` reads to find them: a mark kept under another name, to be imported, would hide its tests."""
    marked = {*naming("journey"), *naming("long")}
    tests = [path for path in ROOT.rglob("test*/**/*.py") if ".venv" not in path.parts]

    assert {"tests/journeys/test_login.py", "tests/access/oracle/test_oracle.py"} <= marked
    assert not [str(path) for path in tests if KEPT_APART.search(path.read_text())]
