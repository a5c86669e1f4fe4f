"""That the measures run; never what they find, which depends on who else uses the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEYS = {"name", "value", "unit", "baseline", "ratio", "bound", "holds"}


@pytest.mark.long
def test_the_bench_measures_two_hundred_patients_and_writes_its_figures(tmp_path):
    written = tmp_path / "bench.json"
    environment = {
        **os.environ,
        "TERRESANTE_VAR": str(ROOT / "var" / "test" / "bench"),
        "PYTHONPATH": str(ROOT),
    }

    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--output", str(written)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert "non mesuré" not in done.stdout
    figures = json.loads(written.read_text())
    assert all(set(figure) == KEYS for figure in figures)
    values = {figure["name"]: figure["value"] for figure in figures}
    for name in ("dossier ouvert", "recherche, deux lettres et date", "note créée"):
        assert values[name] > 0
    assert values["messages acquittés en rafale, 8 connexions"] > 0
