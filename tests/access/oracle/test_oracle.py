"""Random worlds against an independent model of the rules (DESIGN.md 5.3). The seed is printed; a failure prints
the smallest world that still shows it, as code.
"""

import ast
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from django.apps import apps

from tests.access.oracle import doors
from tests.access.oracle.build import build
from tests.access.oracle.model import World, readers
from tests.access.oracle.rows import ROWS
from tests.access.oracle.worlds import smallest, world
from tests.walls import empty_tables

pytestmark = pytest.mark.commits

SAMPLE, FULL = 60, 600
# About two seconds a world and core, pages and walls asked one by one: in parts, so that processes share them.
PARTS = 4
# `make check` waits no longer: a loaded machine draws fewer worlds, never fewer than these.
SAMPLE_SECONDS, LEAST = 20, 12
SHRINKING_SECONDS = 30
HERE = Path(__file__).parent


def differences(drawn: World) -> list[str]:
    empty_tables()
    return list(doors.differences(build(drawn), Random(1)))


def prove(count: int, *, seconds: float = float("inf")) -> None:
    began = time.monotonic()
    seed = int(os.environ.get("TERRESANTE_ORACLE_SEED", secrets.randbelow(10**9)))
    print(f"oracle seed: {seed} (TERRESANTE_ORACLE_SEED={seed} plays it again)")  # noqa: T201 -- told on failure
    for number in range(count):
        if number >= LEAST and time.monotonic() - began > seconds:
            return
        drawn = world(seed + number)
        found = differences(drawn)
        if found:
            small = smallest(drawn, _still_differs(until=time.monotonic() + SHRINKING_SECONDS))
            told = "\n  ".join(differences(small))
            pytest.fail(f"world {seed + number} differs:\n  {told}\n\nsmallest:\n{small!r}")


def _still_differs(*, until: float) -> Callable[[World], bool]:
    return lambda tried: time.monotonic() < until and bool(differences(tried))


def test_every_door_answers_as_the_model_does():
    prove(SAMPLE, seconds=SAMPLE_SECONDS)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_door_answers_as_the_model_does_in_many_worlds(part):
    prove(FULL // PARTS)


def test_the_model_imports_nothing_of_the_platform():
    for name in ("model.py", "worlds.py"):
        tree = ast.parse((HERE / name).read_text())
        imported = [
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        assert not [found for found in imported if found.startswith(("terresante", "django", "config"))]


def test_every_model_with_limits_has_its_rows_in_the_worlds():
    limited = {
        found._meta.label
        for found in apps.get_models()
        if {"patient", "private_to", "hidden_from_patient", "data_class"}
        <= {field.name for field in found._meta.fields}
    }

    assert limited == set(ROWS), "say in build.ROWS how such a row is made"


def test_worlds_are_not_empty():
    """A proof over worlds where nobody reads anything proves nothing: each ground is met, and each refusal."""
    from_many = [world(seed) for seed in range(40)]
    grounds = {
        doors.model.basis(drawn, reader, patient)
        for drawn in from_many
        for reader in readers(drawn)
        for patient in range(drawn.patients)
    }

    assert grounds == {"", "member", "structure", "break_glass", "patient", "gateway", "job"}
