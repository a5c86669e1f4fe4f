"""As `test_plain_sql`, of what a laboratory reported."""

import pytest

from terresante.interop.tests import papers, wire
from terresante.kernel import rls
from terresante.results.tests.factories import sent
from tests.access.test_plain_sql import ask, changed, refused
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


def test_a_result_is_neither_typed_nor_rewritten_by_anybody(cast):
    """What a laboratory reported comes by a wire, and follows its document: no member writes one."""
    madeleine, hospital = cast.madeleine_record, wire.connect()
    wire.know(madeleine, hospital)
    sent(hospital, papers.whose(madeleine))
    counted = "SELECT count(*) FROM results_labobservation"
    for name, expected in (("amar", 2), ("ines", 2), ("madeleine", 2), ("brun", 0), ("urgentiste", 0)):
        with rls.acting(cast.actors[name]):
            rls.open_record(madeleine.patient_id)
            assert ask(counted) == [(expected,)], name
    for table in ("results_diagnosticreport", "results_labobservation"):
        for statement in (
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"UPDATE {table} SET patient_id = patient_id",
            f"INSERT INTO {table} SELECT * FROM {table}",
        ):
            assert refused(cast.amar, statement, opened=madeleine.patient_id), statement
    assert refused(cast.amar, "UPDATE results_labobservation SET text = '140'", opened=madeleine.patient_id)
    closed = "UPDATE results_diagnosticreport SET status = 'entered-in-error'"
    assert changed(cast.amar, closed, opened=madeleine.patient_id) == 0
    with walls_down():
        ask("UPDATE documents_documentreference SET hidden_from_patient = true")
    with rls.acting(cast.madeleine):
        rls.open_record(madeleine.patient_id)
        assert ask(counted) == [(0,)], "hidden with its document, whatever its own limits say"
