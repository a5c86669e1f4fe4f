"""One's own patients are those whose consent has not ended."""

from django.db import migrations

SQL = """
DO $$
DECLARE was text := pg_get_functiondef('my_patient_keys'::regproc);
BEGIN
    IF strpos(was, 'own.suspended_at IS NULL') = 0 THEN
        RAISE EXCEPTION 'my_patient_keys says no longer: own.suspended_at IS NULL';
    END IF;
    EXECUTE replace(was, 'own.suspended_at IS NULL',
                    'own.suspended_at IS NULL AND (own.expires_at IS NULL OR own.expires_at > now())');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0012_regime_walls"), ("care_team", "0030_my_patients_in_order")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
