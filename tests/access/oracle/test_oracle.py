"""Random worlds against an independent model of the rules (DESIGN.md 5.3): `make oracle SEED=1 N=20000` by hand.

Each run takes a new seed, which `make check` prints; TERRESANTE_ORACLE_SEED plays one again.
"""

import ast
import os
import secrets
import time
from pathlib import Path

import pytest
from django.apps import apps

from tests.access.oracle import model
from tests.access.oracle.decisions import Tally
from tests.access.oracle.model import readers
from tests.access.oracle.proof import prove
from tests.access.oracle.rows import ROWS
from tests.access.oracle.worlds import world

pytestmark = pytest.mark.commits

# Decisions at the doors, rows by plain SQL not counted.
SAMPLE, FULL = 2_000, 20_000
# A world alone decides hundreds: different worlds are what finds a fault.
LEAST_WORLDS, SAMPLE_SECONDS = 8, 20
# Of each door; the least of some worlds is none.
LEAST_OF_EACH = 20
# Two processes share the long run, which goes on drawing worlds until its time is over.
PARTS, FULL_SECONDS = 2, 300
HERE = Path(__file__).parent


def drawn_seed() -> int:
    return int(os.environ.get("TERRESANTE_ORACLE_SEED") or secrets.randbelow(10**9))


def run(record_property, *, decisions: int, worlds: int, seconds: float) -> Tally:
    seed, began = drawn_seed(), time.monotonic()
    try:
        tally = prove(seed, decisions=decisions, worlds=worlds, of_each=LEAST_OF_EACH, until=began + seconds)
    except AssertionError:
        record_property("oracle", f"graine {seed} : une différence")
        raise
    told = f"graine {seed} : {tally}, en {time.monotonic() - began:.0f} s"
    record_property("oracle", told)
    print(told)  # noqa: T201 -- what `make oracle` is asked for
    return tally


def test_every_door_answers_as_the_model_does(record_property):
    if by_hand := os.environ.get("TERRESANTE_ORACLE_DECISIONS"):
        run(record_property, decisions=int(by_hand), worlds=1, seconds=0)
        return
    tally = run(record_property, decisions=SAMPLE, worlds=LEAST_WORLDS, seconds=SAMPLE_SECONDS)

    assert tally.least >= LEAST_OF_EACH, tally


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_door_answers_as_the_model_does_in_many_worlds(record_property, part):
    tally = run(record_property, decisions=FULL // PARTS, worlds=LEAST_WORLDS, seconds=FULL_SECONDS)

    assert tally.least >= LEAST_OF_EACH, tally


def test_the_model_imports_nothing_of_the_platform():
    for name in ("model.py", "moves.py", "sectors.py", "worlds.py"):
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

    assert limited == set(ROWS), "say in rows.ROWS how such a row is made"


def test_worlds_are_not_empty():
    """A proof over worlds where nobody reads anything proves nothing: each ground is met, and each refusal."""
    from_many = [world(seed) for seed in range(40)]
    grounds = {
        model.basis(drawn, reader, patient)
        for drawn in from_many
        for reader in readers(drawn)
        for patient in range(drawn.patients)
    }

    assert grounds == {
        *("", "member", "structure", "former", "break_glass", "patient", "gateway", "job"),
        *("representative", "carer"),
    }
