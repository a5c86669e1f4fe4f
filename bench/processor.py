"""Processor time of the platform and its PostgreSQL: what a rate costs, whatever else the machine does meanwhile."""

import os
from collections import defaultdict
from pathlib import Path

from bench.cluster import FOLDER

_TICKS = os.sysconf("SC_CLK_TCK")


def spent() -> float:
    """Seconds so far, of the processes this one started and of the private cluster's; Linux only."""
    children: dict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        pid = int(stat.parent.name)
        children[int(fields[1])].append(pid)
        # Its own, and that of the children it has waited for.
        seconds[pid] = sum(map(int, fields[11:15])) / _TICKS
    found = _below(os.getpid(), children) | {
        pid for top in _postmasters() for pid in {top} | _below(top, children)
    }
    return sum(seconds.get(pid, 0.0) for pid in found)


def _below(pid: int, children: dict[int, list[int]]) -> set[int]:
    direct = set(children.get(pid, ()))
    return direct.union(*(_below(child, children) for child in direct))


def _postmasters() -> list[int]:
    return [int(path.read_text().split()[0]) for path in FOLDER.glob("cluster/**/postmaster.pid")]
