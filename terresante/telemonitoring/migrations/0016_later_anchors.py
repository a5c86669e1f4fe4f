from django.db import migrations, models

OVER = """
-- Follow-ups whose last date is past for long enough; one that waits for a date to come, after four hundred days.
CREATE OR REPLACE FUNCTION follow_ups_over(moment timestamptz, most integer) RETURNS TABLE (follow_up_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT whole.id, whole.patient_id FROM telemonitoring_followup AS whole
    WHERE app_kind() = 'job' AND whole.state <> 'ended' AND whole.enrolled_at < moment
      AND (whole.enrolled_at < moment - interval '400 days' OR NOT jsonb_path_exists(whole.later_anchors, '$.* ? (@ == null)'))
      AND EXISTS (SELECT 1 FROM telemonitoring_expected AS one WHERE one.follow_up_id = whole.id)
      AND NOT EXISTS (SELECT 1 FROM telemonitoring_expected AS one
                      WHERE one.follow_up_id = whole.id AND one.state <> 'cancelled'
                        AND greatest(one.opens_at, one.grey_at, one.orange_at, one.red_at, one.answered_at) > moment)
    ORDER BY whole.id LIMIT most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0015_carer")]

    operations = [
        migrations.AddField("followup", "later_anchors", models.JSONField(blank=True, default=dict)),
        migrations.RunSQL(OVER, migrations.RunSQL.noop),
    ]
