"""One page of « Mes patients » reads its own memberships and sorts them.

Ordered as the index of names is, PostgreSQL walked through the names of everybody until it had met twenty of them; and
a function in SQL is planned again at each call.
"""

from django.db import migrations

SQL = """
CREATE OR REPLACE FUNCTION my_patient_keys(skipped integer, most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE person uuid := app_person();
BEGIN
    IF app_kind() <> 'professional' THEN RETURN; END IF;
    RETURN QUERY
    SELECT own.patient_id FROM care_team_careteamparticipant AS own
    JOIN patients_patient AS patient ON patient.id = own.patient_id
    WHERE own.member_id = person
      AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
      AND (own.expires_at IS NULL OR own.expires_at > now())
    -- Normalised names are capitals without accents: "C" is their order, and not the index's.
    ORDER BY patient.match_birth_name COLLATE "C", patient.match_given_name COLLATE "C", own.patient_id
    OFFSET skipped LIMIT least(most, 100);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0033_reading_of_who_came_back")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
