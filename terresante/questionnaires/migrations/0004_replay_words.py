"""Own words are left out of what was known at enrolment too: it was typed in a form like another. What the person
answers to a follow-up of psychiatry or addictology stays in its sector, as what her team writes there does.
"""

from django.db import migrations

SQL = """
CREATE OR REPLACE FUNCTION pathway_answers(draft uuid, since timestamptz, most integer) RETURNS TABLE (
    answer text, follow_up text, at timestamptz, form text, answers jsonb, baseline jsonb, personal jsonb, outcome text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH allowed AS (
        SELECT 1 WHERE app_kind() = 'professional' AND app_has_duty('administrator')
    ), versions AS (
        SELECT each.id, each.files FROM questionnaires_pathwayversion AS asked
        LEFT JOIN questionnaires_pathwayversion AS base ON base.id = asked.based_on_id
        JOIN questionnaires_pathwayversion AS each ON each.pathway_id IN (asked.pathway_id, base.pathway_id)
        WHERE asked.id = draft AND each.status <> 'draft' AND EXISTS (SELECT 1 FROM allowed)
    ), forms AS MATERIALIZED (
        -- What is answered in free words or dates would say who answered.
        SELECT versions.id, split_part(split_part(file.key, '/', 2), '.', 1) AS name, ARRAY(
            SELECT asked #>> '{}' FROM jsonb_path_query(file.value::jsonb,
                '$.**.item[*] ? (@.type == "string" || @.type == "text" || @.type == "open-choice" || @.type == "date").linkId'
            ) AS asked) AS own_words
        FROM versions CROSS JOIN jsonb_each_text(versions.files) AS file
        WHERE file.key LIKE 'questionnaires/%'
    ), said AS MATERIALIZED (
        -- Whichever form asked it: a baseline does not say which.
        SELECT versions.id, ARRAY(SELECT DISTINCT word FROM forms, unnest(forms.own_words) AS word
                                  WHERE forms.id = versions.id) AS own_words
        FROM versions
    )
    SELECT encode(sha256(convert_to(given.id::text, 'UTF8')), 'hex'),
           encode(sha256(convert_to(coalesce(given.follow_up_id, given.patient_id)::text, 'UTF8')), 'hex'),
           date_trunc('minute', given.authored_at), given.form, given.answers - forms.own_words,
           given.baseline - said.own_words, given.personal, answer_outcome(given.id)
    FROM questionnaires_questionnaireresponse AS given
    JOIN forms ON forms.id = given.version_id AND forms.name = given.form
    JOIN said ON said.id = given.version_id
    WHERE given.status = 'completed' AND given.authored_at >= since
      AND NOT EXISTS (SELECT 1 FROM questionnaires_questionnaireresponse AS later
                      WHERE later.replaces_id = given.id AND later.patient_id = given.patient_id)
    ORDER BY given.authored_at DESC LIMIT least(most, 5000)
$$;
"""

# She knows of every sector (`restricted`); who represents her knows of none, and writes in none.
SECTOR = """
ALTER POLICY answers ON questionnaires_questionnaireresponse WITH CHECK (
    patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative')
    AND user_id = (SELECT app_user()) AND source NOT IN ('professional', 'phone', 'link', 'sms')
    AND author_id IS NULL AND organization_id IS NULL AND replaces_id IS NULL
    AND private_to_id IS NULL AND private_to_person_id IS NULL AND ((SELECT app_kind()) = 'patient' OR sector = '')
    AND NOT hidden_from_patient AND NOT hidden_from_representative);
ALTER POLICY goes_on ON questionnaires_questionnaireresponse
    WITH CHECK (patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative')
           AND user_id = (SELECT app_user()) AND source NOT IN ('professional', 'phone', 'link', 'sms')
           AND author_id IS NULL AND organization_id IS NULL AND replaces_id IS NULL
           AND private_to_id IS NULL AND private_to_person_id IS NULL AND ((SELECT app_kind()) = 'patient' OR sector = '')
           AND NOT hidden_from_patient AND NOT hidden_from_representative);
"""


class Migration(migrations.Migration):
    dependencies = [("questionnaires", "0003_replay")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (SQL, SECTOR)]
