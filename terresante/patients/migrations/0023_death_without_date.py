from django.db import migrations, models

# Told to the database alone: a default that Django knows is read back from the row, which nobody reaches yet when an
# identity is made (care_team, 0002_walls).
SQL = "ALTER TABLE patients_patient ALTER COLUMN is_deceased SET DEFAULT false"


class Migration(migrations.Migration):
    dependencies = [("patients", "0022_carers_answer")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="is_deceased",
            field=models.BooleanField(default=False, verbose_name="décès connu sans sa date"),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
