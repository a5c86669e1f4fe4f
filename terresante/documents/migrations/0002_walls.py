from django.db import migrations

# What is filed is signed: only its state and whom it is told to may change. A job that loads the past dates it.
SQL = """
SELECT protect_patient_table('documents_documentreference');
SELECT hide_from_representatives('documents_documentreference');
REVOKE UPDATE, DELETE ON documents_documentreference FROM terresante_app;
GRANT UPDATE (status, withdrawn_at, withdrawn_by_name, withdrawn_reason, hidden_from_patient,
              hidden_from_representative, recorded_at) ON documents_documentreference TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0001_initial"),
        ("care_team", "0021_patients_hand_walls"),
        ("kernel", "0009_files"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
