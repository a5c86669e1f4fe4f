from django.db import migrations

# What a replay of a draft compares colours with (questionnaires, `pathway_answers`): how the alert of an answer ended.
SQL = """
CREATE OR REPLACE FUNCTION answer_outcome(response uuid) RETURNS text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT coalesce((
        SELECT alert.outcome FROM questionnaires_questionnaireresponse AS given
        JOIN telemonitoring_alert AS alert ON alert.follow_up_id = given.follow_up_id
        WHERE given.id = response AND alert.closed_at IS NOT NULL
          AND alert.response_ids @> to_jsonb(response::text)
        ORDER BY alert.opened_at DESC LIMIT 1), '')
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0010_answer_doors"), ("questionnaires", "0003_replay")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
