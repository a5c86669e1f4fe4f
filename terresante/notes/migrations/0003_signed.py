from django.db import migrations

# What is signed is not rewritten: a correction will be a row of its own.
SQL = "REVOKE UPDATE, DELETE ON notes_note FROM terresante_app"


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
