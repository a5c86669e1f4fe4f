from django.db import migrations

# A line taken from a document is by then the word of who signed it: it stays when the document leaves the circle. What tells
# of the document goes: who wrote it, under which title; and the person reads no more of its lines than of it. A line that a
# second document brought up to date names the first one still, on every version since: what the second becomes changes
# nothing of that name.
SQL = """
CREATE FUNCTION follow_document() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    listed text;
    who text := CASE WHEN NEW.private_to_id IS NULL THEN coalesce(nullif(NEW.written_by, ''), NEW.author_name)
                     ELSE 'une structure de soins' END;
BEGIN
    FOREACH listed IN ARRAY ARRAY['allergyintolerance', 'caredirective', 'condition', 'immunization',
                                  'medicationstatement', 'observation'] LOOP
        listed := 'health_record_' || listed;
        EXECUTE format('UPDATE %I AS line SET asserted_by_name = $3 FROM %I AS first
                        WHERE first.patient_id = $1 AND first.source_id = $2 AND first.origin = ''document''
                          AND first.version = 1 AND line.patient_id = $1 AND line.set_id = first.set_id', listed, listed)
            USING NEW.patient_id, NEW.id, who;
        EXECUTE format('UPDATE %I SET hidden_from_patient = $3, hidden_from_representative = $4
                        WHERE patient_id = $1 AND source_id = $2 AND origin = ''document''', listed)
            USING NEW.patient_id, NEW.id, NEW.hidden_from_patient, NEW.hidden_from_representative;
        EXECUTE format('UPDATE %I SET reason = ''D’après un document reçu''
                        WHERE patient_id = $1 AND source_id = $2 AND $4 AND starts_with(reason, $3)', listed)
            USING NEW.patient_id, NEW.id, 'D’après « ' || NEW.title, NEW.private_to_id IS NOT NULL;
        EXECUTE format('UPDATE feed_feeditem AS fact SET hidden_from_patient = line.hidden_from_patient,
                            hidden_from_representative = line.hidden_from_representative
                        FROM %I AS line WHERE fact.patient_id = $1 AND fact.object_id = line.id
                          AND line.patient_id = $1 AND line.source_id = $2 AND line.origin = ''document''', listed)
            USING NEW.patient_id, NEW.id;
    END LOOP;
    RETURN NULL;
END $$;
ALTER FUNCTION follow_document() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION follow_document() FROM PUBLIC, terresante_app;
CREATE TRIGGER lines_follow AFTER UPDATE OF private_to_id, hidden_from_patient, hidden_from_representative
    ON documents_documentreference FOR EACH ROW
    WHEN ((OLD.private_to_id, OLD.hidden_from_patient, OLD.hidden_from_representative)
          IS DISTINCT FROM (NEW.private_to_id, NEW.hidden_from_patient, NEW.hidden_from_representative))
    EXECUTE FUNCTION follow_document();
"""


class Migration(migrations.Migration):
    dependencies = [("health_record", "0008_offered_steps"), ("documents", "0010_masked_since")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
