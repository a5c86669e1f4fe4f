from django.db import migrations

# The person, and who acts for her, answers in the open record, in her own name; who reads her class is wall 1's.
RESPONSES = """
SELECT protect_patient_table('questionnaires_questionnaireresponse');
SELECT hide_from_representatives('questionnaires_questionnaireresponse');
REVOKE DELETE ON questionnaires_questionnaireresponse FROM terresante_app;
CREATE POLICY answers ON questionnaires_questionnaireresponse FOR INSERT TO terresante_app WITH CHECK (
    patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative')
    AND user_id = (SELECT app_user()) AND source NOT IN ('professional', 'phone', 'link', 'sms')
    AND author_id IS NULL AND organization_id IS NULL AND replaces_id IS NULL
    AND private_to_id IS NULL AND private_to_person_id IS NULL AND sector = ''
    AND NOT hidden_from_patient AND NOT hidden_from_representative);
CREATE POLICY goes_on ON questionnaires_questionnaireresponse FOR UPDATE TO terresante_app
    USING (patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative')
           AND user_id = (SELECT app_user()) AND status = 'in-progress')
    WITH CHECK (patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative')
           AND user_id = (SELECT app_user()) AND source NOT IN ('professional', 'phone', 'link', 'sms')
           AND author_id IS NULL AND organization_id IS NULL AND replaces_id IS NULL
           AND private_to_id IS NULL AND private_to_person_id IS NULL AND sector = ''
           AND NOT hidden_from_patient AND NOT hidden_from_representative);

-- Whoever writes signs with his own account; a link and an SMS have none, a job writes them down.
CREATE POLICY signed ON questionnaires_questionnaireresponse AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'job' OR user_id = (SELECT app_user()));
CREATE POLICY own ON questionnaires_questionnaireresponse AS RESTRICTIVE FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR user_id = (SELECT app_user()));

CREATE FUNCTION keep_response() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: an answer that was sent stays as it was' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_response() FROM PUBLIC, terresante_app;
-- Sent, it stays; being filled, it stays its author's, of its person and of its form.
CREATE TRIGGER sent BEFORE UPDATE ON questionnaires_questionnaireresponse FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND (OLD.status <> 'in-progress'
          OR (OLD.patient_id, OLD.record_id, OLD.version_id, OLD.form) IS DISTINCT FROM
             (NEW.patient_id, NEW.record_id, NEW.version_id, NEW.form)
          OR (OLD.user_id, OLD.author_id, OLD.follow_up_id, OLD.data_class) IS DISTINCT FROM
             (NEW.user_id, NEW.author_id, NEW.follow_up_id, NEW.data_class)))
    EXECUTE FUNCTION keep_response();
"""

# Nobody's data: no policy. What is published is what somebody answered to, and what his colour came from.
PATHWAYS = """
CREATE FUNCTION keep_pathway_version() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: a published version of a pathway stays as it is'
        USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_pathway_version() FROM PUBLIC, terresante_app;
CREATE TRIGGER published BEFORE UPDATE ON questionnaires_pathwayversion FOR EACH ROW
    WHEN (OLD.status <> 'draft' AND (NEW.status = 'draft'
          OR OLD.status = 'retired' AND NEW.status <> 'retired'
          OR (OLD.id, OLD.pathway_id, OLD.number, OLD.files, OLD.note, OLD.made_by_name, OLD.made_at) IS DISTINCT FROM
             (NEW.id, NEW.pathway_id, NEW.number, NEW.files, NEW.note, NEW.made_by_name, NEW.made_at)
          OR (OLD.published_at, OLD.published_by_name, OLD.based_on_id) IS DISTINCT FROM
             (NEW.published_at, NEW.published_by_name, NEW.based_on_id)))
    EXECUTE FUNCTION keep_pathway_version();
CREATE TRIGGER kept BEFORE DELETE ON questionnaires_pathwayversion FOR EACH ROW
    WHEN (OLD.status <> 'draft') EXECUTE FUNCTION keep_pathway_version();
REVOKE UPDATE, DELETE ON questionnaires_pathwaysignature FROM terresante_app;
REVOKE DELETE ON questionnaires_pathway FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("questionnaires", "0001_initial"),
        ("care_team", "0016_restricted_walls"),
        ("care_team", "0021_patients_hand_walls"),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (RESPONSES, PATHWAYS)]
