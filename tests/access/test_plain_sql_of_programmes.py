"""As `test_plain_sql`, of programmes: what a project lead's functions give, and what nobody rewrites."""

import pytest
from django.utils import timezone

from terresante.care_plans.models import PlannedStep
from terresante.care_plans.tests.factories import included, lead_of, published
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from tests.access.test_plain_sql import ask, changed, refused
from tests.walls import walls_down

pytestmark = pytest.mark.commits

ASKED = (
    "SELECT included FROM programme_counts(%s)",
    "SELECT complete FROM sequence_totals(%s, '2000-01-01', '2100-01-01')",
    "SELECT round FROM programme_sequences(%s, '2000-01-01', '2100-01-01', NULL, 9)",
    "SELECT version FROM programme_inclusions(%s, '2000-01-01', '2100-01-01', 9)",
)


@pytest.fixture
def inclusion(cast):
    programme = published(lead_of(cast.colin))
    made = included(cast.ines, cast.madeleine_record, programme, days_ago=100)
    billable = (
        "INSERT INTO care_plans_billablesequence (id, patient_id, inclusion_id, programme_id, key, round, label, fee,"
        " completed_on, batch_id) VALUES (%s, %s, %s, %s, 's1', 1, 'Forfait', 15000, %s, NULL)"
    )
    with walls_down():
        ask(billable, new_id(), made.patient_id, made.pk, programme.pk, timezone.localdate())
    return made


def test_the_functions_of_a_programme_answer_its_project_leads_alone(cast, inclusion):
    programme = inclusion.programme_id
    invoiced = "SELECT invoice_sequences(%s, current_date, %s, 'essai')"
    others = (lead_of(cast.brun), cast.colin, cast.samira, cast.ines, cast.madeleine, cast.dpo)
    for actor in others:
        with rls.acting(actor):
            rls.open_record(inclusion.patient_id)
            assert [ask(one, programme) for one in ASKED] == [[]] * len(ASKED), actor.name
            assert ask(invoiced, programme, new_id()) == [(0,)], actor.name
    with rls.acting(lead_of(cast.colin)):
        assert [ask(one, programme) for one in ASKED] == [[(1,)]] * len(ASKED)
        # His functions give no key of a patient, and his rows stay the circle's: he is a colleague of DAC Est.
        assert ask(invoiced, programme, new_id()) == [(1,)]
        assert ask(invoiced, programme, new_id()) == [(0,)]
    assert refused(cast.colin, "SELECT leads_programme(%s)", programme)


def test_an_inclusion_a_sequence_and_a_published_version_stay_as_they_were(cast, inclusion):
    patient = inclusion.patient_id
    step = PlannedStep.objects
    with walls_down():
        key = step.filter(inclusion_id=inclusion.pk).first().pk
    for statement in (
        "UPDATE care_plans_inclusion SET included_on = current_date",
        "UPDATE care_plans_inclusion SET reference = 'x'",
        "DELETE FROM care_plans_inclusion",
        "UPDATE care_plans_plannedstep SET role = 'nurse'",
        "DELETE FROM care_plans_plannedstep",
        "UPDATE care_plans_pathwaychange SET words = ''",
        "DELETE FROM care_plans_pathwaychange",
        "UPDATE care_plans_billablesequence SET fee = 1",
        "UPDATE care_plans_billablesequence SET batch_id = NULL",
        "UPDATE care_plans_invoicebatch SET total = 1",
        "INSERT INTO care_plans_invoicebatch SELECT * FROM care_plans_invoicebatch",
        "UPDATE care_plans_programmeversion SET definition = '{}'",
        "UPDATE care_plans_programmeversion SET status = 'draft'",
        "DELETE FROM care_plans_programmeversion",
        "TRUNCATE care_plans_inclusion CASCADE",
    ):
        assert refused(cast.ines, statement, opened=patient), statement
    done = f"UPDATE care_plans_plannedstep SET due_on = due_on WHERE id = '{key}'"
    assert changed(cast.ines, done, opened=patient) == 1
    assert changed(cast.jules, done, opened=patient) == 0
    assert changed(cast.madeleine, done, opened=patient) == 0
    unbilled = "DELETE FROM care_plans_billablesequence"
    assert changed(cast.ines, unbilled, opened=patient) == 1
    assert changed(cast.brun, unbilled, opened=patient) == 0
    with rls.acting(lead_of(cast.colin)):
        ask("SELECT invoice_sequences(%s, current_date, %s, 'essai')", inclusion.programme_id, new_id())
    assert changed(cast.ines, unbilled, opened=patient) == 0, "what was billed stays billed"


def test_what_hangs_on_an_inclusion_is_read_by_who_reads_it(cast, inclusion):
    tables = ("inclusion", "plannedstep", "pathwaychange", "billablesequence")
    for name, expected in (
        ("ines", True),
        ("amar", True),
        ("madeleine", True),
        ("brun", False),
        ("dpo", False),
    ):
        with rls.acting(cast.actors[name]):
            rls.open_record(inclusion.patient_id)
            for table in tables:
                assert bool(ask(f"SELECT 1 FROM care_plans_{table}")) == expected, (name, table)
    with walls_down():
        ask("UPDATE care_plans_inclusion SET hidden_from_patient = true")
    with rls.acting(cast.madeleine):
        rls.open_record(inclusion.patient_id)
        for table in ("inclusion", "pathwaychange", "billablesequence"):
            assert ask(f"SELECT 1 FROM care_plans_{table}") == [], table
