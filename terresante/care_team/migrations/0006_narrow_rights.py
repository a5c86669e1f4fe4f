"""Rights that no code of ours uses are nobody's: a mistake, or somebody with SQL of his own, finds them closed."""

from django.db import migrations

# A merge redirects and never deletes; what would leave for good leaves by the owner, with its reason.
KEPT = """
REVOKE DELETE ON patients_patient, patients_carerecord, patients_sourceidentity, patients_patientaccount
    FROM terresante_app;
REVOKE UPDATE ON patients_patientaccount FROM terresante_app;
"""

# Else a member of the circle could tie an account of his own to the patient, and read in his name once removed.
ACCOUNTS = """
DROP POLICY opens ON patients_patientaccount;
CREATE POLICY opens ON patients_patientaccount FOR INSERT TO terresante_app
    WITH CHECK (patient_id = (SELECT app_write_record()) AND (SELECT app_kind()) = 'job');
"""

# Who belongs to a circle is a question of the live stream, and of nobody else.
READERS = """
CREATE OR REPLACE FUNCTION record_readers(asked uuid, persons uuid[], organizations uuid[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH member AS (
        SELECT member_id FROM care_team_careteamparticipant
        WHERE patient_id = asked AND member_id = ANY (persons || organizations)
          AND ended_at IS NULL AND suspended_at IS NULL AND started_at <= now()
    )
    SELECT number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, organization, number)
    WHERE app_kind() = 'job'
      AND (person = asked OR person IN (SELECT member_id FROM member)
           OR organization IN (SELECT member_id FROM member)
           OR (person, organization) IN (
                SELECT practitioner_id, organization_id FROM care_team_emergencyaccess
                WHERE patient_id = asked AND practitioner_id = ANY (persons) AND expires_at > now()))
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0005_emergency_lasts_four_hours")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (KEPT, ACCOUNTS, READERS)]
