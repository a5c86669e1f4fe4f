from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial"), ("care_team", "0002_walls")]

    operations = [migrations.RunSQL("SELECT protect_patient_table('notes_note')", migrations.RunSQL.noop)]
