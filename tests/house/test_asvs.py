"""docs/asvs.md: every requirement has its line; every line its proof, or says why it has none."""

import re
from functools import cache

import pytest

from tests.house.tree import ROOT

LINE = re.compile(r"^\| (\d+)\.(\d+)\.(\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")
# ASVS 5.0.0: requirements of levels 1 and 2. Those of a section are numbered in order, level 3 last.
REQUIREMENTS = 253
WITHOUT = ("does not apply", "not held, because")
LINES = LINE.findall((ROOT / "docs" / "asvs.md").read_text())


@cache
def existing_tests() -> set[str]:
    found: set[str] = set()
    for folder in ("terresante", "tests", "config", "simulators"):
        for path in (ROOT / folder).rglob("test_*.py"):
            found |= set(re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))
    return found


def proofs(text: str) -> list[str]:
    return [name for name in NAMED.findall(text) if name.startswith("test_") or (ROOT / name).exists()]


def test_no_requirement_is_left_out():
    numbered: dict[tuple[int, int], list[int]] = {}
    for chapter, section, number, _, _ in LINES:
        numbered.setdefault((int(chapter), int(section)), []).append(int(number))

    assert len(LINES) == REQUIREMENTS
    for section, numbers in numbered.items():
        assert numbers == list(range(1, len(numbers) + 1)), section


def test_the_rule_tells_good_from_bad():
    assert proofs("held by `test_every_view_is_declared`")
    assert proofs("`docs/walls.md`")
    assert not proofs("we are careful; `Template(`")


@pytest.mark.parametrize("line", LINES, ids=lambda line: ".".join(line[:3]))
def test_each_line_is_proven_or_says_why_not(line):
    *_, shown = line
    named = [name for name in NAMED.findall(shown) if name.startswith("test_")]

    assert set(named) <= existing_tests(), named
    assert proofs(shown) or shown.startswith(WITHOUT), shown
    assert not shown.startswith("not held, because") or len(shown) > 40, "say why"
