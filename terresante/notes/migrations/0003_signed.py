from django.db import migrations

# What is signed is not rewritten: a correction will be a row of its own. A job that loads the past dates it.
SQL = """
REVOKE UPDATE, DELETE ON notes_note FROM terresante_app;
GRANT UPDATE (written_at, recorded_at) ON notes_note TO terresante_app;
CREATE POLICY dated_by_jobs ON notes_note AS RESTRICTIVE FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'job');
"""


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
