import os
import time
from collections.abc import Callable

import pytest


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        pass
    if os.path.exists("/proc/self"):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process ends within ten seconds."""

    def ended(pid: int) -> bool:
        deadline = time.monotonic() + 10
        while is_running(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return ended
