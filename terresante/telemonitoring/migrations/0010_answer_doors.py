"""The doors of who answers without an account: a link and its code, the number of a telephone."""

from django.db import migrations

LINK = """
-- The key of a link that is still open; its code is keyed by it. Nothing is told of whom it is for.
CREATE FUNCTION answer_link_key(token text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM telemonitoring_answerlink
    WHERE token_hash = token AND revoked_at IS NULL AND expires_at > now() AND tries < 5
$$;

-- A wrong code is counted whatever follows; after five the link is closed, and the right code opens it no more.
CREATE FUNCTION open_answer_link(link uuid, code text)
RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE held telemonitoring_answerlink;
BEGIN
    SELECT * INTO held FROM telemonitoring_answerlink
    WHERE id = link AND revoked_at IS NULL AND expires_at > now() AND tries < 5 FOR UPDATE;
    IF held.id IS NULL THEN RETURN; END IF;
    IF held.code_hash <> code THEN
        UPDATE telemonitoring_answerlink SET tries = tries + 1 WHERE id = link;
        RETURN;
    END IF;
    UPDATE telemonitoring_answerlink SET tries = 0, last_used_at = now() WHERE id = link;
    RETURN QUERY SELECT whole.id, whole.patient_id, whole.record_id FROM telemonitoring_followup AS whole
                 WHERE whole.id = held.follow_up_id AND whole.patient_id = held.patient_id AND whole.state = 'active';
END $$;

-- What was opened is still open: not revoked since, nor past its date, nor of a follow-up that ended.
CREATE FUNCTION answer_link_holds(link uuid) RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT whole.id, whole.patient_id, whole.record_id
    FROM telemonitoring_answerlink AS one JOIN telemonitoring_followup AS whole
        ON whole.id = one.follow_up_id AND whole.patient_id = one.patient_id
    WHERE one.id = link AND one.revoked_at IS NULL AND one.expires_at > now() AND whole.state = 'active'
$$;
"""

NUMBER = """
-- Whose answers come from this number: two persons of one home may share it.
CREATE FUNCTION follow_ups_of_number(number text) RETURNS TABLE (follow_up_id uuid, patient_id uuid, record_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, patient_id, record_id FROM telemonitoring_followup
    WHERE app_kind() = 'job' AND number <> '' AND phone_of_respondent = number AND state = 'active'
    ORDER BY id LIMIT 3
$$;
CREATE INDEX follow_ups_of_number ON telemonitoring_followup (phone_of_respondent)
    WHERE state = 'active' AND phone_of_respondent <> '';
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY['answer_link_key(text)', 'open_answer_link(uuid, text)', 'answer_link_holds(uuid)',
                                  'follow_ups_of_number(text)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0005_alert_walls")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (LINK, NUMBER, OWNERSHIP)]
