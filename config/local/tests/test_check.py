import re
import sys
from collections.abc import Iterator

import pytest

from config.local import check
from config.local.check import Step, naming
from config.local.failure import Failure
from config.local.places import ROOT

KEPT_APART = re.compile(r"^(?!pytestmark\b)\w+ = .*\bmark\.(?:long|journey)\b", re.MULTILINE)


def test_a_mark_is_named_in_every_file_whose_tests_bear_it():
    """What `make check` reads to find them: a mark kept under another name, to be imported, would hide its tests."""
    marked = {*naming("journey"), *naming("long")}
    tests = [path for path in ROOT.rglob("test*/**/*.py") if ".venv" not in path.parts]

    assert {"tests/journeys/test_login.py", "tests/access/oracle/test_oracle.py"} <= marked
    assert not [str(path) for path in tests if KEPT_APART.search(path.read_text())]


def test_the_longest_tests_come_first_whatever_journeys_are_there(request: pytest.FixtureRequest):
    """Two processes would otherwise end ten seconds apart. Journeys keep an order of their own."""
    root = request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    assert root is not None
    tests = [item for item in request.session.items if item.get_closest_marker("journey") is None]
    ranks = [root.rank(item.path.name) for item in tests]

    assert ranks == sorted(ranks)


def test_what_prevents_the_last_step_of_a_batch_stops_the_others(tmp_path, monkeypatch, gone):
    monkeypatch.setenv("TERRESANTE_VAR", str(tmp_path))
    started = []

    def noted(step):
        started.append(begin(step))
        return started[-1]

    def batch() -> Iterator[Step]:
        yield Step("long", (sys.executable, "-c", "import time; time.sleep(60)"))
        raise Failure("Aucun PostgreSQL.")

    begin = check._start
    monkeypatch.setattr(check, "_start", noted)

    with pytest.raises(Failure, match="Aucun PostgreSQL"):
        check._run_together(batch())
    assert [gone(process.pid) for process in started] == [True]
