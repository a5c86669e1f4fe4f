"""What hangs on a follow-up has its limits, stays of its person, and a link opens with its code alone."""

from django.db import migrations

# Of a NULL, « different » is unknown: it is a wrong code like another.
LINK = """
CREATE OR REPLACE FUNCTION open_answer_link(link uuid, code text)
RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE held telemonitoring_answerlink;
BEGIN
    SELECT * INTO held FROM telemonitoring_answerlink
    WHERE id = link AND revoked_at IS NULL AND expires_at > now() AND tries < 5 FOR UPDATE;
    IF held.id IS NULL THEN RETURN; END IF;
    IF held.code_hash IS DISTINCT FROM code THEN
        UPDATE telemonitoring_answerlink SET tries = tries + 1 WHERE id = link;
        RETURN;
    END IF;
    UPDATE telemonitoring_answerlink SET tries = 0, last_used_at = now() WHERE id = link;
    RETURN QUERY SELECT whole.id, whole.patient_id, whole.record_id FROM telemonitoring_followup AS whole
                 WHERE whole.id = held.follow_up_id AND whole.patient_id = held.patient_id AND whole.state = 'active';
END $$;
"""

# The policies of the follow-up's own table answer. Whom an index case met is told to nobody who acts for her: he may be
# one of them.
LIMITS = """
CREATE POLICY of_follow_up ON telemonitoring_expected AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_expected.patient_id));
CREATE POLICY of_follow_up ON telemonitoring_answerlink AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_kind()) = 'professional' AND EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_answerlink.patient_id));
CREATE POLICY of_follow_up ON telemonitoring_contact AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_kind()) <> 'representative' AND EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_contact.patient_id));
"""

# A silence moved to another person's follow-up would colour it: `colour_silences` steps over the policies.
WHOSE = """
CREATE FUNCTION keep_whose() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: what is of a follow-up stays of it, and of its person'
        USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_whose() FROM PUBLIC, terresante_app;
CREATE TRIGGER whose BEFORE UPDATE ON telemonitoring_followup FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND OLD.patient_id <> NEW.patient_id) EXECUTE FUNCTION keep_whose();
CREATE TRIGGER whose BEFORE UPDATE ON telemonitoring_expected FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.patient_id <> NEW.patient_id OR OLD.follow_up_id <> NEW.follow_up_id))
    EXECUTE FUNCTION keep_whose();
CREATE TRIGGER whose BEFORE UPDATE ON telemonitoring_contact FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.patient_id <> NEW.patient_id OR OLD.follow_up_id <> NEW.follow_up_id
               OR OLD.record_id <> NEW.record_id))
    EXECUTE FUNCTION keep_whose();
CREATE TRIGGER whose BEFORE UPDATE ON telemonitoring_alert FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.patient_id <> NEW.patient_id OR OLD.record_id <> NEW.record_id))
    EXECUTE FUNCTION keep_whose();
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0012_known_cells")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (LINK, LIMITS, WHOSE)]
