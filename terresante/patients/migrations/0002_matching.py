from django.db import migrations

# Twins and married names are compared letter by letter; the index serves a name given without a birth date.
SQL = """
CREATE INDEX patient_name ON patients_patient (match_birth_name, match_given_name);
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]

    operations = [migrations.RunSQL(SQL, "DROP INDEX patient_name")]
