"""Whose questionnaire opens, whose is not answered: asked of every patient at once, by jobs only, in one statement each.

A follow-up that somebody else holds is left to the next round: an answer that comes at the same moment waits for nobody.
Whoever changes what is expected holds the follow-up first.
"""

from django.db import migrations

RANK = """
CREATE FUNCTION colour_rank(colour text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE colour WHEN 'red' THEN 3 WHEN 'orange' THEN 2 WHEN 'grey' THEN 1 WHEN 'green' THEN 0 ELSE -1 END
$$;
"""

REMIND = """
-- What opens, or is asked for again, at this moment; what it follows without an answer is missed.
CREATE FUNCTION remind_due_answers(moment timestamptz, most integer)
RETURNS TABLE (expected_id uuid, follow_up_id uuid, patient_id uuid, reminded smallint, phone text, role text)
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
               CASE WHEN whole.respondent = 'operator' THEN '' ELSE whole.phone_of_respondent END::text, told.role::text
        FROM told JOIN telemonitoring_followup AS whole ON whole.id = told.follow_up_id;
END $$;
"""

COLOUR = """
-- What is not answered takes the colour its pathway says, and so does its follow-up, unless its answers are worse.
CREATE FUNCTION colour_silences(moment timestamptz, most integer)
RETURNS TABLE (expected_id uuid, follow_up_id uuid, patient_id uuid, silence text, colour text, is_changed boolean,
    cell_id uuid, data_class text, private_to_id uuid, private_to_person_id uuid, hidden_from_patient boolean,
    hidden_from_representative boolean, sector text, restricted_to_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT id, follow_up_id FROM telemonitoring_expected
        WHERE app_kind() = 'job' AND next_colour_at <= moment ORDER BY next_colour_at, id LIMIT most
    ), held AS MATERIALIZED (
        SELECT id, colour FROM telemonitoring_followup
        WHERE id IN (SELECT follow_up_id FROM due) AND state = 'active' FOR UPDATE SKIP LOCKED
    ), silent AS (
        UPDATE telemonitoring_expected AS one
        SET silence = CASE WHEN one.red_at <= moment THEN 'red' WHEN one.orange_at <= moment THEN 'orange'
                           ELSE 'grey' END,
            next_colour_at = least(CASE WHEN one.grey_at > moment THEN one.grey_at END,
                                   CASE WHEN one.orange_at > moment THEN one.orange_at END,
                                   CASE WHEN one.red_at > moment THEN one.red_at END)
        FROM due JOIN held ON held.id = due.follow_up_id
        WHERE one.id = due.id AND one.state = 'waiting' AND one.next_colour_at <= moment
        RETURNING one.id, one.follow_up_id, one.form, one.opens_at, one.silence
    ), worst AS (
        SELECT DISTINCT ON (follow_up_id) * FROM silent
        ORDER BY follow_up_id, colour_rank(silence) DESC, opens_at, id
    ), shown AS (
        UPDATE telemonitoring_followup AS whole
        SET late = true,
            silence_colour = CASE WHEN colour_rank(worst.silence) > colour_rank(whole.silence_colour)
                                  THEN worst.silence ELSE whole.silence_colour END,
            colour = CASE WHEN colour_rank(worst.silence) > colour_rank(whole.colour)
                          THEN worst.silence ELSE whole.colour END,
            colour_since = CASE WHEN colour_rank(worst.silence) > colour_rank(whole.colour)
                                THEN moment ELSE whole.colour_since END,
            reason = CASE WHEN colour_rank(worst.silence) > colour_rank(whole.colour) OR whole.answer_colour = ''
                THEN jsonb_build_object('kind', 'silence', 'expected', worst.id, 'form', worst.form,
                    'opens_at', worst.opens_at, 'colour', worst.silence, 'pathway', pathway.code,
                    'version', version.number)
                ELSE whole.reason END
        FROM worst, questionnaires_pathwayversion AS version, questionnaires_pathway AS pathway
        WHERE whole.id = worst.follow_up_id AND version.id = whole.version_id AND pathway.id = version.pathway_id
        RETURNING whole.*
    )
    SELECT worst.id, shown.id, shown.patient_id, worst.silence::text, shown.colour::text, shown.colour <> held.colour,
           shown.cell_id, shown.data_class::text, shown.private_to_id, shown.private_to_person_id,
           shown.hidden_from_patient, shown.hidden_from_representative, shown.sector::text, shown.restricted_to_id
    FROM shown JOIN worst ON worst.follow_up_id = shown.id JOIN held ON held.id = shown.id
$$;
"""

OVER = """
-- Follow-ups whose last date is past for long enough, and those who reach nobody's circle any more.
CREATE FUNCTION follow_ups_over(moment timestamptz, most integer) RETURNS TABLE (follow_up_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT whole.id, whole.patient_id FROM telemonitoring_followup AS whole
    WHERE app_kind() = 'job' AND whole.state <> 'ended' AND whole.enrolled_at < moment
      AND EXISTS (SELECT 1 FROM telemonitoring_expected AS one WHERE one.follow_up_id = whole.id)
      AND NOT EXISTS (SELECT 1 FROM telemonitoring_expected AS one
                      WHERE one.follow_up_id = whole.id AND one.state <> 'cancelled'
                        AND greatest(one.opens_at, one.grey_at, one.orange_at, one.red_at, one.answered_at) > moment)
    ORDER BY whole.id LIMIT most
$$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY['remind_due_answers(timestamptz, integer)', 'colour_silences(timestamptz, integer)',
                                  'follow_ups_over(timestamptz, integer)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0002_walls"), ("kernel", "0001_initial")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (RANK, REMIND, COLOUR, OVER, OWNERSHIP)]
