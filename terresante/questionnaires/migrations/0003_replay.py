from django.db import migrations

# A draft is replayed on past answers across patients, by who holds the platform's administration: without identity, and
# without what people wrote in their own words. The app above that knows what became of an alert says it (`answer_outcome`).
SQL = """
CREATE FUNCTION answer_outcome(response uuid) RETURNS text LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$ SELECT ''::text $$;
REVOKE ALL ON FUNCTION answer_outcome(uuid) FROM PUBLIC, terresante_app;
GRANT EXECUTE ON FUNCTION answer_outcome(uuid) TO terresante_definer;

CREATE FUNCTION pathway_answers(draft uuid, since timestamptz, most integer) RETURNS TABLE (
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
    )
    SELECT encode(sha256(convert_to(given.id::text, 'UTF8')), 'hex'),
           encode(sha256(convert_to(coalesce(given.follow_up_id, given.patient_id)::text, 'UTF8')), 'hex'),
           date_trunc('minute', given.authored_at), given.form, given.answers - forms.own_words,
           given.baseline, given.personal, answer_outcome(given.id)
    FROM questionnaires_questionnaireresponse AS given
    JOIN forms ON forms.id = given.version_id AND forms.name = given.form
    WHERE given.status = 'completed' AND given.authored_at >= since
      AND NOT EXISTS (SELECT 1 FROM questionnaires_questionnaireresponse AS later
                      WHERE later.replaces_id = given.id AND later.patient_id = given.patient_id)
    ORDER BY given.authored_at DESC LIMIT least(most, 5000)
$$;
ALTER FUNCTION pathway_answers(uuid, timestamptz, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION pathway_answers(uuid, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pathway_answers(uuid, timestamptz, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("questionnaires", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
