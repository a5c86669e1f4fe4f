from django.db import migrations

# Jobs alone, for the patients that they opened together: an answer comes with five hundred others.
TABLES = """
SELECT protect_patient_table('telemonitoring_followup');
SELECT hide_from_representatives('telemonitoring_followup');
SELECT protect_patient_table('telemonitoring_expected');
SELECT protect_patient_table('telemonitoring_answerlink');
SELECT protect_patient_table('telemonitoring_contact');
REVOKE DELETE ON telemonitoring_followup, telemonitoring_expected, telemonitoring_answerlink, telemonitoring_contact
    FROM terresante_app;
CREATE POLICY watched_together ON telemonitoring_followup FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' AND patient_id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY watched_together ON telemonitoring_expected FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' AND patient_id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY watched_together ON questionnaires_questionnaireresponse FOR SELECT TO terresante_app
    USING ((SELECT app_kind()) = 'job' AND patient_id = ANY ((SELECT app_open_records())::uuid[]));
"""

# A follow-up is of one person and one version; what hangs on it is hers too, whoever writes it.
TRIGGERS = """
CREATE FUNCTION keep_follow_up() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: a follow-up stays on its version, and ended it stays so'
        USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_follow_up() FROM PUBLIC, terresante_app;
CREATE TRIGGER kept BEFORE UPDATE ON telemonitoring_followup FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND (OLD.version_id <> NEW.version_id OR OLD.record_id <> NEW.record_id
          OR OLD.enrolled_at <> NEW.enrolled_at OR OLD.state = 'ended' AND NEW.state <> 'ended'))
    EXECUTE FUNCTION keep_follow_up();
CREATE POLICY of_its_person ON telemonitoring_expected AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM telemonitoring_followup AS whole WHERE whole.id = follow_up_id
                        AND whole.patient_id = telemonitoring_expected.patient_id));
CREATE POLICY of_its_person ON telemonitoring_answerlink AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM telemonitoring_followup AS whole WHERE whole.id = follow_up_id
                        AND whole.patient_id = telemonitoring_answerlink.patient_id));
CREATE POLICY of_its_person ON telemonitoring_contact AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (EXISTS (SELECT 1 FROM telemonitoring_followup AS whole WHERE whole.id = follow_up_id
                        AND whole.patient_id = telemonitoring_contact.patient_id));
-- The secrets' digests stay as they were made: a link is revoked, and another one made.
REVOKE UPDATE ON telemonitoring_answerlink FROM terresante_app;
GRANT UPDATE (tries, last_used_at, revoked_at, expires_at) ON telemonitoring_answerlink TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("telemonitoring", "0001_initial"),
        ("questionnaires", "0002_walls"),
        ("care_team", "0016_restricted_walls"),
        ("care_team", "0021_patients_hand_walls"),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (TABLES, TRIGGERS)]
