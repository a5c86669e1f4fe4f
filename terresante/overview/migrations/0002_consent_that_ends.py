"""What a professional is told of a person he is entering: his own record, while the consent that let him in lasts."""

from django.db import migrations

SQL = """
DO $$
DECLARE was text := pg_get_functiondef('look_alikes'::regproc);
BEGIN
    IF strpos(was, 'own.suspended_at IS NULL') = 0 THEN
        RAISE EXCEPTION 'look_alikes says no longer: own.suspended_at IS NULL';
    END IF;
    EXECUTE replace(was, 'own.suspended_at IS NULL',
                    'own.suspended_at IS NULL AND (own.expires_at IS NULL OR own.expires_at > now())');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("overview", "0001_look_alikes"), ("care_team", "0012_regime_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
