from django.db import migrations

# A batch of a gateway tells the facts of the records it opened together (care_team's `open_records`).
SQL = """
CREATE POLICY told_together ON feed_feeditem FOR ALL TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0005_emergency_access"), ("care_team", "0008_many_records")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
