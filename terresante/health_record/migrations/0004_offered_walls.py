from django.db import migrations

# As the lines of 0002: signed, and only which version is in force may change.
TREATMENT = """
SELECT protect_patient_table('health_record_medicationstatement');
SELECT hide_from_representatives('health_record_medicationstatement');
REVOKE UPDATE, DELETE ON health_record_medicationstatement FROM terresante_app;
GRANT UPDATE (is_current, recorded_at, asserted_at) ON health_record_medicationstatement TO terresante_app;
CREATE POLICY declares ON health_record_medicationstatement FOR INSERT TO terresante_app WITH CHECK (
    patient_id = (SELECT app_open_record()) AND patient_id = (SELECT own_patient())
    AND origin = (SELECT app_kind()) AND verification_status = 'unconfirmed'
    AND version = 1 AND replaces_id IS NULL AND is_current AND author_id IS NULL AND organization_id IS NULL
    AND private_to_id IS NULL AND private_to_person_id IS NULL AND sector = ''
    AND NOT hidden_from_patient AND NOT hidden_from_representative);
CREATE TRIGGER date BEFORE UPDATE ON health_record_medicationstatement FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.asserted_at IS DISTINCT FROM NEW.asserted_at))
    EXECUTE FUNCTION keep_health_dates();
CREATE TRIGGER ended BEFORE UPDATE ON health_record_medicationstatement FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND NOT OLD.is_current AND NEW.is_current)
    EXECUTE FUNCTION keep_health_end();
"""
# What a document offers is read by who reads the document: the policies of its own table answer. Settled, it stays so.
OFFERED = """
SELECT protect_patient_table('health_record_offeredline');
CREATE POLICY follows_its_document ON health_record_offeredline AS RESTRICTIVE FOR ALL TO terresante_app
    USING (EXISTS (SELECT 1 FROM documents_documentreference AS document
        WHERE document.id = document_id AND document.patient_id = health_record_offeredline.patient_id));
REVOKE UPDATE, DELETE ON health_record_offeredline FROM terresante_app;
GRANT UPDATE (state, settled_at, settled_by_id, settled_by_name, reason, line_id)
    ON health_record_offeredline TO terresante_app;
CREATE FUNCTION keep_health_offer() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: what was settled stays settled' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_health_offer() FROM PUBLIC, terresante_app;
CREATE TRIGGER settled BEFORE UPDATE ON health_record_offeredline FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND OLD.state <> 'waiting')
    EXECUTE FUNCTION keep_health_offer();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("health_record", "0003_offered"),
        ("care_team", "0021_patients_hand_walls"),
        ("documents", "0005_own_documents_walls"),
    ]

    operations = [migrations.RunSQL(TREATMENT + OFFERED, migrations.RunSQL.noop)]
