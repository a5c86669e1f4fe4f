from django.db import migrations

# What is filed is signed: only its state and whom it is told to may change. A job that loads the past dates it.
SQL = """
SELECT protect_patient_table('documents_documentreference');
SELECT hide_from_representatives('documents_documentreference');
REVOKE UPDATE, DELETE ON documents_documentreference FROM terresante_app;
GRANT UPDATE (status, withdrawn_at, withdrawn_by_name, withdrawn_reason, hidden_from_patient,
              hidden_from_representative, recorded_at) ON documents_documentreference TO terresante_app;
CREATE FUNCTION keep_document_date() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'job' THEN
        RAISE EXCEPTION 'permission denied: a document keeps its date' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_document_date() FROM PUBLIC, terresante_app;
CREATE TRIGGER date BEFORE UPDATE ON documents_documentreference FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND OLD.recorded_at IS DISTINCT FROM NEW.recorded_at)
    EXECUTE FUNCTION keep_document_date();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0001_initial"),
        ("care_team", "0018_hand_over"),
        ("care_team", "0021_patients_hand_walls"),
        ("kernel", "0010_files"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
