from django.db import migrations

# A batch of a gateway writes the stays of the records it opened together (care_team's `open_records`).
SQL = """
CREATE POLICY reported_together ON stays_encounter FOR ALL TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY reported_together ON stays_encountermovement FOR ALL TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
"""


class Migration(migrations.Migration):
    dependencies = [("stays", "0003_historic_movement"), ("care_team", "0008_many_records")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
