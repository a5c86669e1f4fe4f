from django.db import migrations

# Its author changes who reads a note; its dates are still a job's, its words nobody's.
SQL = """
SELECT protect_limits('notes_note');
DROP POLICY dated_by_jobs ON notes_note;
CREATE POLICY changed_by_its_author ON notes_note AS RESTRICTIVE FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'job'
           OR (SELECT app_kind()) = 'professional' AND author_id = (SELECT app_person()));
GRANT UPDATE (private_to_id, private_to_person_id, hidden_from_patient, hidden_from_representative, sector, restricted_to_id, limits_changed_at)
    ON notes_note TO terresante_app;

CREATE FUNCTION keep_note_dates() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() <> 'job' THEN
        RAISE EXCEPTION 'permission denied: a note keeps its dates' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dates BEFORE UPDATE ON notes_note FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.written_at, OLD.recorded_at) IS DISTINCT FROM (NEW.written_at, NEW.recorded_at))
    EXECUTE FUNCTION keep_note_dates();
"""


class Migration(migrations.Migration):
    dependencies = [("notes", "0005_limits"), ("care_team", "0016_restricted_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
