import os

import pytest

from tests.access.matrix.people import settle
from tests.access.matrix.table import COLUMNS, PATIENTS, lines, written
from tests.house.tree import ROOT

pytestmark = pytest.mark.commits
PAGE = ROOT / "docs" / "access-matrix.md"


def test_what_the_rules_answer_is_written_down_and_no_more_than_it_should_be():
    """One test: asking every rule about every row is half a minute, and the same for each question below."""
    cast, rows = settle()
    found = lines(cast, rows)

    _page_says_what_the_rules_do(found)
    _nobody_reaches_the_record_of_somebody_elses_patient(found)
    _an_opposed_record_is_closed_to_everybody_but_its_patient(found)
    _the_identity_desk_reaches_identities_and_nothing_else(found)
    _every_rule_is_asked_about_a_row(found)


def _page_says_what_the_rules_do(found):
    now = written(found)
    if os.environ.get("TERRESANTE_WRITE_MATRIX"):
        PAGE.write_text(now)

    assert PAGE.read_text() == now, "run python -m tests.access.matrix, read the difference, commit it"


def _nobody_reaches_the_record_of_somebody_elses_patient(found):
    """Whatever the rule, of today or of tomorrow: the other GP has his own patients, and not hers."""
    about_patients = [line for line in found if line.of_patient]

    assert about_patients
    for line in about_patients:
        assert not line.allowed["madeleine"] & {"brun", "ancien", "leon", "clinique", "tuteur_leon"}, line
        reached = {"brun", "leon", "job", "dpo", "tuteur_leon"} | _desk_of(line)
        assert not line.allowed["leon"] & (set(COLUMNS) - reached), line


def _an_opposed_record_is_closed_to_everybody_but_its_patient(found):
    for line in found:
        if line.of_patient:
            assert not line.allowed["opposee"] & (set(COLUMNS) - {"job", "dpo"} - _desk_of(line)), line


def _the_identity_desk_reaches_identities_and_nothing_else(found):
    reached = {
        line.action.code for line in found for patient in PATIENTS if "identito" in line.allowed[patient]
    }

    assert reached
    # Pathways, programmes and cells are nobody's data: what is asked of people, and who watches.
    open_to_all = {"directory", "pathway", "programme", "cell"}
    assert {code.partition(".")[0] for code in reached} <= {"identity", "message", *open_to_all}


def _desk_of(line):
    """The desk looks after everybody's identity, whether or not they oppose a record."""
    return {"identito"} if line.action.code.startswith("identity.") else set()


def _every_rule_is_asked_about_a_row(found):
    """A model without a row in the matrix is a column of dots that proves nothing."""
    asked = {patient: [line for line in found if line.asked] for patient in PATIENTS}

    assert [
        f"{line.action.code} on {line.model}" for line in found if line.of_patient and not line.asked
    ] == []
    assert all(asked.values())
