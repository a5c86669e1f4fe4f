"""The application role itself: what no statement of its own makes of it."""

import pytest
from django.db import DatabaseError

from terresante.care_team.enums import DataClass
from terresante.kernel import rls
from terresante.notes.tests.factories import published
from tests.access.test_plain_sql import DENIED, ask

pytestmark = pytest.mark.commits


@pytest.fixture
def note(cast):
    return published(cast.amar, cast.madeleine_record, data_class=DataClass.CARE)


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE terresante_owner",
        "SET ROLE terresante_definer",
        "ALTER TABLE notes_note DISABLE ROW LEVEL SECURITY",
        "DROP POLICY reads ON notes_note",
        "CREATE TABLE public.copy AS SELECT 1",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "SELECT protect_patient_table('notes_note')",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT * FROM kernel_auditentry_default",
        "SELECT * FROM pg_authid",
        "TRUNCATE kernel_auditentry, kernel_auditseal",
        "ALTER SEQUENCE interop_message_order RESTART",
        "SELECT setval('interop_message_order', 1)",
        "LOCK TABLE kernel_auditentry IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_the_application_role_stays_what_it_is(cast, statement):
    # The connection of the tests is a superuser who stepped down: a session of the role itself steps nowhere.
    if statement.startswith("SET ROLE"):
        member = "SELECT pg_has_role('terresante_app', %s, 'MEMBER')"
        assert ask(member, statement.split()[-1]) == [(False,)]
        return
    with pytest.raises(DatabaseError, match=f"{DENIED}|must be owner"), rls.acting(cast.amar):
        ask(statement)


def test_row_security_cannot_be_switched_off_nor_read_through_statistics(cast, note):
    with pytest.raises(DatabaseError, match="row-level security"), rls.acting(cast.brun):
        ask("SET LOCAL row_security = off")
        ask("SELECT * FROM notes_note")
    with rls.acting(cast.brun):
        assert ask("SELECT * FROM pg_stats WHERE tablename IN ('notes_note', 'patients_patient')") == []
        assert ask("SELECT * FROM notes_note WHERE 1 / (CASE WHEN text <> '' THEN 0 ELSE 1 END) = 1") == []
