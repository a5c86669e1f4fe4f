"""Nothing opens to sharing before the person is informed (L1110-4 CSP): not in emergency either."""

from django.db import migrations

SQL = """
CREATE OR REPLACE FUNCTION open_emergency_access(access_id uuid, asked uuid, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE shared boolean;
BEGIN
    SELECT is_shared INTO shared FROM patients_carerecord WHERE patient_id = asked;
    IF app_kind() <> 'professional' OR app_person() IS NULL OR app_organization() IS NULL OR shared IS NULL THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_consent WHERE patient_id = asked AND withdrawn_at IS NULL
               AND kind IN ('opposition_record', 'opposition_emergency')) THEN
        RETURN 'opposed';
    END IF;
    IF NOT shared THEN
        RETURN 'unshared';
    END IF;
    INSERT INTO care_team_emergencyaccess
        (id, patient_id, practitioner_id, organization_id, user_id, reason, opened_at, expires_at)
    VALUES (access_id, asked, app_person(), app_organization(), app_user(), why, now(), now() + interval '4 hours');
    RETURN 'opened';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0008_many_records")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
