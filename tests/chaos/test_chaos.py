import secrets
import sys

import pytest

from tests.chaos.run import run

pytestmark = pytest.mark.long


def test_nothing_acknowledged_is_lost_nor_done_twice_whatever_is_killed(capsys):
    """A sample of `make chaos`: its seed is new each time, and printed."""
    seed = secrets.randbelow(1_000_000)
    found = run(1500, seed)
    with capsys.disabled():
        sys.stdout.write(f"\n{found.words()}\n")

    assert found.is_right, found.words()
    assert found.acknowledged == 1500
    assert min(found.kills.values()) >= 2
