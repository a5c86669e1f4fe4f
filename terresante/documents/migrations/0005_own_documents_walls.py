from django.db import migrations

SQL = """
-- What the person keeps to herself for now: she, and who represents her by law; a carer does not.
CREATE POLICY kept_to_patient ON documents_documentreference AS RESTRICTIVE FOR ALL TO terresante_app USING (
    NOT kept_to_patient OR patient_id = (SELECT own_patient()) OR (SELECT app_kind()) = 'job');
-- From her own space, in her own record, and signed by nobody else.
CREATE POLICY files_own ON documents_documentreference FOR INSERT TO terresante_app WITH CHECK (
    is_from_patient AND author_id IS NULL AND organization_id IS NULL
    AND patient_id = (SELECT own_patient()) AND patient_id = (SELECT app_open_record())
    AND sector = '' AND private_to_id IS NULL AND private_to_person_id IS NULL);
CREATE POLICY changes_own ON documents_documentreference FOR UPDATE TO terresante_app USING (
    is_from_patient AND patient_id = (SELECT own_patient()) AND patient_id = (SELECT app_open_record()));
-- Nobody files in her place.
CREATE POLICY files_for_nobody ON documents_documentreference AS RESTRICTIVE FOR INSERT TO terresante_app WITH CHECK (
    NOT is_from_patient OR patient_id = (SELECT own_patient()) OR (SELECT app_kind()) = 'job');
CREATE POLICY changes_for_nobody ON documents_documentreference AS RESTRICTIVE FOR UPDATE TO terresante_app USING (
    NOT is_from_patient OR patient_id = (SELECT own_patient()) OR (SELECT app_kind()) = 'job');
GRANT UPDATE (kept_to_patient) ON documents_documentreference TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_own_documents"), ("care_team", "0021_patients_hand_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
