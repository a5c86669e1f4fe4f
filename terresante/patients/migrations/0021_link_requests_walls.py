"""Identities of people whom nobody knows yet: the identity desk and jobs, nobody else (docs/walls.md)."""

from django.db import migrations

SQL = """
ALTER TABLE patients_linkrequest ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients_linkrequest FORCE ROW LEVEL SECURITY;
CREATE POLICY desk_reads ON patients_linkrequest FOR SELECT TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer')));
CREATE POLICY desk_decides ON patients_linkrequest FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer')) AND state = 'open')
    WITH CHECK ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer')));
CREATE POLICY logins_ask ON patients_linkrequest FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'job' AND state = 'open' AND patient_id IS NULL);
-- What was linked says how a record was opened: it stays.
CREATE POLICY purge ON patients_linkrequest FOR DELETE TO terresante_app
    USING ((SELECT app_kind()) = 'job' AND state <> 'linked');
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0020_link_requests"), ("kernel", "0002_trail_and_outbox")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
