"""As `test_plain_sql`, of the trail and of the outbox: rows that number themselves and tell of nobody else."""

import pytest

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.notes.models import Note
from terresante.notes.tests.factories import published
from tests.access.test_plain_sql import ask, changed, refused

pytestmark = pytest.mark.commits


def trail_row(user_id, column="", value=""):
    """An INSERT in the trail, as a statement and its values."""
    columns = (
        "id, at, action, outcome, object_type, actor_kind, actor_name, actor_role, organization_name, purpose,"
        " channel, correlation_id, detail, user_id"
    )
    values = "%s, now(), 'x', 'done', '', 'job', 'x', '', '', 'care', 'web', %s, '{}', %s"
    more = (f", {column}", f", {value}") if column else ("", "")
    statement = f"INSERT INTO kernel_auditentry ({columns}{more[0]}) OVERRIDING SYSTEM VALUE VALUES ({values}{more[1]})"
    return statement, new_id(), new_id(), user_id


def test_the_trail_numbers_its_rows_itself(cast):
    """A row of a transaction to come is sealed by nobody; one of the past breaks the chain of the honest."""
    mine = cast.amar.user_id

    assert changed(cast.amar, *trail_row(mine)) == 1
    for column, value in (("xid", "'9999999999'::xid8"), ("xid", "'3'::xid8"), ("seq", "1")):
        assert refused(cast.amar, *trail_row(mine, column, value)), column


def test_nobody_leaves_a_trace_in_the_name_of_another(cast):
    assert refused(cast.amar, *trail_row(cast.brun.user_id))
    assert refused(cast.amar, *trail_row(None))


def test_events_are_numbered_by_the_dispatcher_alone(cast):
    insert = (
        "INSERT INTO kernel_outboxevent (id, kind, payload, correlation_id, created_at, {0})"
        " OVERRIDING SYSTEM VALUE VALUES (%s, 'x', '{{}}', %s, now(), {1})"
    )
    for column, value in (("position", "999999999999"), ("xid", "'3'::xid8"), ("seq", "1")):
        assert refused(cast.amar, insert.format(column, value), new_id(), new_id()), column
    assert changed(cast.amar, "UPDATE kernel_outboxevent SET position = 1") == 0
    assert changed(cast.amar, "DELETE FROM kernel_outboxevent") == 0
    assert changed(cast.amar, "SELECT 1 FROM kernel_outboxevent") == []


def test_the_partitions_of_the_trail_are_made_for_years_at_most(cast):
    with rls.acting(Actor.job("tests")):
        assert ask("SELECT ensure_audit_partitions(100000)") < [(200,)]


def test_what_each_person_wrote_in_the_trail_is_read_in_its_place(cast):
    """Own acts, and the open record's; nobody reads the trail of others, whatever the action."""
    patient_id = published(cast.amar, cast.madeleine_record).patient_id

    with rls.acting(cast.brun):
        assert not AuditEntry.objects.filter(patient_id=patient_id).exists()
        assert Note.objects.count() == 0
