from django.db import migrations

SQL = """
-- A photograph or a recording is read by who reads its note: the policies of the note's own table answer.
SELECT protect_patient_table('notes_notemedia');
CREATE POLICY follows_its_note ON notes_notemedia AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (EXISTS (SELECT 1 FROM notes_note AS note WHERE note.id = note_id AND note.patient_id = notes_notemedia.patient_id));
-- Joined and withdrawn by the author of the note, in person.
CREATE POLICY joined_by_its_author ON notes_notemedia AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM notes_note AS note
        WHERE note.id = note_id AND note.patient_id = notes_notemedia.patient_id AND note.author_id = (SELECT app_person()))
        AND (SELECT app_kind()) = 'professional');
CREATE POLICY withdrawn_by_its_author ON notes_notemedia AS RESTRICTIVE FOR UPDATE TO terresante_app
    USING (EXISTS (SELECT 1 FROM notes_note AS note
        WHERE note.id = note_id AND note.patient_id = notes_notemedia.patient_id AND note.author_id = (SELECT app_person()))
        AND (SELECT app_kind()) = 'professional');
REVOKE UPDATE, DELETE ON notes_notemedia FROM terresante_app;
GRANT UPDATE (withdrawn_at) ON notes_notemedia TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("notes", "0009_media"), ("care_team", "0016_restricted_walls"), ("kernel", "0010_files")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
