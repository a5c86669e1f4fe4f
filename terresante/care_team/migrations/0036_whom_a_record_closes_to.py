"""To whom an opposition has closed a record: the live stream tells them, so that no page of it stays open."""

from django.db import migrations

SQL = """
-- Members put out, who still read after a hand-over, who had opened an emergency: numbers, from 1, of the given pairs.
CREATE FUNCTION closed_readers(asked uuid, persons uuid[], organizations uuid[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT connected.number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, structure, number)
    WHERE app_kind() = 'job' AND (
        EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                WHERE own.patient_id = asked AND own.member_id IN (connected.person, connected.structure)
                  AND own.ended_at IS NULL AND own.suspended_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                   WHERE own.patient_id = asked AND own.practitioner_id = connected.person
                     AND connected.structure IS NOT NULL
                     AND own.reads_until BETWEEN now() - interval '4 hours' AND now())
        OR EXISTS (SELECT 1 FROM care_team_emergencyaccess AS own
                   WHERE own.patient_id = asked AND own.practitioner_id = connected.person
                     AND own.organization_id = connected.structure
                     AND own.expires_at BETWEEN now() - interval '4 hours' AND now()))
$$;
ALTER FUNCTION closed_readers(uuid, uuid[], uuid[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION closed_readers(uuid, uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION closed_readers(uuid, uuid[], uuid[]) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0035_whom_one_follows")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
