from django.db import migrations

# What a laboratory reported is rewritten by nobody: only its state, and whom it is told to, follow its document.
SQL = """
SELECT protect_patient_table('results_diagnosticreport');
SELECT hide_from_representatives('results_diagnosticreport');
-- Never read by more than its document: the policies of that one's own table answer.
CREATE POLICY follows_its_document ON results_diagnosticreport AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (document_id IS NULL OR EXISTS (
        SELECT 1 FROM documents_documentreference AS original
        WHERE original.id = document_id AND original.patient_id = results_diagnosticreport.patient_id));
-- By the wire of a structure, or a job: nobody types a result.
CREATE POLICY reported ON results_diagnosticreport AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) IN ('gateway', 'job'));
CREATE POLICY closed_by_a_wire ON results_diagnosticreport AS RESTRICTIVE FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) IN ('gateway', 'job'));
REVOKE UPDATE, DELETE ON results_diagnosticreport FROM terresante_app;
GRANT UPDATE (status, hidden_from_patient, hidden_from_representative, recorded_at) ON results_diagnosticreport
    TO terresante_app;

SELECT protect_patient_table('results_labobservation');
CREATE POLICY follows_its_report ON results_labobservation AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (EXISTS (SELECT 1 FROM results_diagnosticreport AS report
        WHERE report.id = report_id AND report.patient_id = results_labobservation.patient_id));
CREATE POLICY reported ON results_labobservation AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) IN ('gateway', 'job'));
REVOKE UPDATE, DELETE ON results_labobservation FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("results", "0001_initial"),
        ("documents", "0005_own_documents_walls"),
        ("care_team", "0021_patients_hand_walls"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
