"""One page of « Mes patients », chosen among keys: sorting three hundred names under the policies costs each row its own."""

from django.db import migrations

SQL = """
CREATE FUNCTION my_patient_keys(skipped integer, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = public, pg_temp AS $$
    SELECT own.patient_id FROM care_team_careteamparticipant AS own
    JOIN patients_patient AS patient ON patient.id = own.patient_id
    WHERE app_kind() = 'professional' AND own.member_id = app_person()
      AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
    ORDER BY patient.match_birth_name, patient.match_given_name, own.patient_id
    OFFSET skipped LIMIT least(most, 100)
$$;
ALTER FUNCTION my_patient_keys(integer, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION my_patient_keys(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION my_patient_keys(integer, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0021_patients_hand_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
