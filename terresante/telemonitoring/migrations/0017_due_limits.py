"""What is due is told with the limits of its follow-up, so that of a sector nobody else hears that anything is asked, and with the
key of the link that is open, whose address the reminder says.
"""

from django.db import migrations

SQL = """
DROP FUNCTION remind_due_answers(timestamptz, integer);
-- What opens, or is asked for again, at this moment; what it follows without an answer is missed.
CREATE FUNCTION remind_due_answers(moment timestamptz, most integer)
RETURNS TABLE (expected_id uuid, follow_up_id uuid, patient_id uuid, reminded smallint, phone text, role text,
    link uuid, data_class text, private_to_id uuid, private_to_person_id uuid, hidden_from_patient boolean,
    hidden_from_representative boolean, sector text, restricted_to_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE due uuid[];
BEGIN
    IF app_kind() IS DISTINCT FROM 'job' THEN RETURN; END IF;
    WITH waiting AS MATERIALIZED (
        SELECT id, follow_up_id FROM telemonitoring_expected
        WHERE next_reminder_at <= moment ORDER BY next_reminder_at, id LIMIT most
    ), held AS MATERIALIZED (
        SELECT id FROM telemonitoring_followup
        WHERE id IN (SELECT follow_up_id FROM waiting) AND state = 'active' FOR UPDATE SKIP LOCKED
    )
    SELECT array_agg(waiting.id) INTO due FROM waiting JOIN held ON held.id = waiting.follow_up_id;
    IF due IS NULL THEN RETURN; END IF;
    UPDATE telemonitoring_expected AS earlier
    SET state = 'missed', next_reminder_at = NULL, next_colour_at = NULL
    FROM telemonitoring_expected AS later
    WHERE later.id = ANY (due) AND later.state = 'waiting' AND earlier.follow_up_id = later.follow_up_id
      AND earlier.form = later.form AND earlier.state = 'waiting' AND earlier.opens_at < later.opens_at;
    UPDATE telemonitoring_followup AS whole
    SET next_due_at = (SELECT min(opens_at) FROM telemonitoring_expected AS one
                       WHERE one.follow_up_id = whole.id AND one.state = 'waiting')
    WHERE whole.id IN (SELECT follow_up_id FROM telemonitoring_expected WHERE id = ANY (due));
    RETURN QUERY
        WITH told AS (
            UPDATE telemonitoring_expected AS one
            SET reminded = one.reminded + 1,
                next_reminder_at = CASE WHEN one.remind_at > moment THEN one.remind_at END
            WHERE one.id = ANY (due) AND one.state = 'waiting' AND one.next_reminder_at <= moment
            RETURNING one.id, one.follow_up_id, one.patient_id, one.reminded, one.role
        )
        SELECT told.id, told.follow_up_id, told.patient_id, told.reminded,
               CASE WHEN whole.respondent = 'operator' THEN '' ELSE whole.phone_of_respondent END::text,
               -- Nobody is reminded of somebody who has died: the silence stays the cell's to see.
               CASE WHEN person.is_deceased OR person.deceased_on IS NOT NULL THEN '' ELSE told.role END::text,
               open.id, whole.data_class::text, whole.private_to_id, whole.private_to_person_id,
               whole.hidden_from_patient, whole.hidden_from_representative, whole.sector::text, whole.restricted_to_id
        FROM told JOIN telemonitoring_followup AS whole ON whole.id = told.follow_up_id
        JOIN patients_patient AS person ON person.id = told.patient_id
        LEFT JOIN telemonitoring_answerlink AS open ON open.follow_up_id = whole.id AND open.revoked_at IS NULL
            AND open.expires_at > moment AND open.tries < 5;
END $$;

ALTER FUNCTION remind_due_answers(timestamptz, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION remind_due_answers(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remind_due_answers(timestamptz, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0016_later_anchors"), ("patients", "0023_death_without_date")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
