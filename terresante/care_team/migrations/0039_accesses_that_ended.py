"""Accesses that ended by themselves: a job tells the live stream, so that no page that they opened stays open."""

from django.db import migrations

SQL = """
-- Which ended after `since`, at `upto` at the latest: whose each was; `person` and `place` when it was of nobody else,
-- `account` whoever it now acts for. A day ends at midnight in Paris: the delegations, whose ends are days, are looked
-- at when one has.
CREATE FUNCTION ended_accesses(since timestamptz, upto timestamptz)
RETURNS TABLE (patient uuid, object uuid, member uuid, person uuid, place uuid, account uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT ended.* FROM (
        SELECT own.patient_id, own.id, own.member_id, NULL::uuid, NULL::uuid, NULL::uuid
        FROM care_team_careteamparticipant AS own
        WHERE own.expires_at > since AND own.expires_at <= upto AND own.suspended_at IS NULL
          AND (own.ended_at IS NULL OR own.ended_at >= own.expires_at)
        UNION ALL
        SELECT own.patient_id, own.id, own.practitioner_id, own.practitioner_id, NULL, NULL
        FROM care_team_careteamparticipant AS own
        WHERE own.reads_until > since AND own.reads_until <= upto AND own.suspended_at IS NULL
        UNION ALL
        SELECT own.patient_id, own.id, own.practitioner_id, own.practitioner_id, own.organization_id, NULL
        FROM care_team_emergencyaccess AS own
        WHERE own.expires_at > since AND own.expires_at <= upto
        UNION ALL
        SELECT own.patient_id, own.id, own.related_person_id, NULL, NULL, own.user_id
        FROM patients_delegation AS own,
             (SELECT (since AT TIME ZONE 'Europe/Paris')::date AS before, (upto AT TIME ZONE 'Europe/Paris')::date AS today)
                 AS days
        WHERE days.before < days.today
          AND own.user_id IS NOT NULL AND own.withdrawn_at IS NULL AND own.restricted_at IS NULL
          AND (own.valid_until >= days.before AND own.valid_until < days.today
               OR own.basis = 'parental' AND own.majority_on > days.before AND own.majority_on <= days.today)
    ) AS ended
    WHERE app_kind() = 'job'
$$;
ALTER FUNCTION ended_accesses(timestamptz, timestamptz) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION ended_accesses(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ended_accesses(timestamptz, timestamptz) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0038_indexes_of_what_ends")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
