from django.db import migrations

SQL = """
SELECT protect_patient_table('stays_encounter');
SELECT protect_patient_table('stays_encountermovement');
-- Kept for good: a cancelled stay stays, as cancelled.
REVOKE DELETE ON stays_encounter, stays_encountermovement FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("stays", "0001_initial"), ("care_team", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
