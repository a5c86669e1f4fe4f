from django.db import migrations

SQL = """
-- A note's author corrects its words; what they were is kept by the database, whoever writes and however.
GRANT UPDATE (text) ON notes_note TO terresante_app;
CREATE FUNCTION keep_note_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() <> 'professional' THEN
        RAISE EXCEPTION 'permission denied: only its author corrects a note' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO notes_noteversion (id, patient_id, note_id, number, text, replaced_at)
    SELECT gen_random_uuid(), OLD.patient_id, OLD.id, count(*) + 1, OLD.text, now()
    FROM notes_noteversion WHERE note_id = OLD.id;
    NEW.amended_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER words BEFORE UPDATE OF text ON notes_note FOR EACH ROW
    WHEN (OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION keep_note_words();
ALTER FUNCTION keep_note_words() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION keep_note_words() FROM PUBLIC, terresante_app;

-- Earlier words are read by who reads the note: the policies of its own table answer.
SELECT protect_patient_table('notes_noteversion');
CREATE POLICY follows_its_note ON notes_noteversion AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (EXISTS (SELECT 1 FROM notes_note AS note WHERE note.id = note_id AND note.patient_id = notes_noteversion.patient_id));
REVOKE INSERT, UPDATE, DELETE ON notes_noteversion FROM terresante_app;

-- A star is its owner's alone, on a note that he reads: its key proves nothing to anybody else.
ALTER TABLE notes_notefavourite ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes_notefavourite FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON notes_notefavourite FOR ALL TO terresante_app USING (user_id = (SELECT app_user()))
    WITH CHECK (user_id = (SELECT app_user()) AND EXISTS (
        SELECT 1 FROM notes_note AS note WHERE note.id = note_id AND note.patient_id = notes_notefavourite.patient_id));
REVOKE UPDATE ON notes_notefavourite FROM terresante_app;

-- One answers what one reads. A policy of a table may not look into the same table: a trigger does, as its caller.
CREATE FUNCTION answer_what_is_read() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM notes_note WHERE id = NEW.in_reply_to_id AND patient_id = NEW.patient_id) THEN
        RAISE EXCEPTION 'permission denied: no such note to answer' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answers BEFORE INSERT ON notes_note FOR EACH ROW
    WHEN (NEW.in_reply_to_id IS NOT NULL) EXECUTE FUNCTION answer_what_is_read();
"""


class Migration(migrations.Migration):
    dependencies = [("notes", "0007_conversation"), ("care_team", "0016_restricted_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
