"""`python -m bench --smoke`: the measures themselves break unseen, nobody runs them between two releases."""

import json
import os
import subprocess
import sys

import pytest

from config.local.places import ROOT

# The beginning of one figure of each thing measured, in the order of the parts.
TOLD = (
    "vue vide",
    "dossier ouvert",
    "recherche, deux lettres et date",
    "mes patients",
    "note créée",
    "dossier plein ouvert",
    "ses 2 000 notes",
    "ses 500 documents",
    "sa chronologie",
    "document de 256 ko déposé",
    "document de 256 ko téléchargé",
    "note annoncée à son auteur",
    "messages soutenus",
    "messages acquittés en rafale",
    "insertion SQL durable nue",
    "documents déposés, de l’envoi au dernier",
    "doublons retrouvés",
    "scores et couleurs",
    "échéances",
    "réponses montrées au tableau",
    "tableau de",
)
FIELDS = {"name", "value", "unit", "baseline", "ratio", "bound", "holds"}


@pytest.mark.long
def test_each_part_tells_its_figures_and_none_is_a_matter_of_speed(tmp_path):
    output = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--output", str(output)],
        cwd=ROOT,
        env={**_outside_of_tests(), "PYTHONPATH": str(ROOT), "TERRESANTE_VAR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    figures = json.loads(output.read_text())
    names = [figure["name"] for figure in figures]
    assert [told for told in TOLD if not any(name.startswith(told) for name in names)] == []
    assert all(set(figure) == FIELDS for figure in figures)
    assert all(isinstance(figure["value"], int | float) for figure in figures)


def _outside_of_tests():
    """As a shell gives it: the settings of the tests are another process's."""
    ours = ("TERRESANTE_", "DJANGO_SETTINGS_MODULE", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
