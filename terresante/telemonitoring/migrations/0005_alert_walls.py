"""Alerts and calls: read by the professionals who read their follow-up, written by them and by jobs."""

from django.db import migrations

TABLES = """
SELECT protect_patient_table('telemonitoring_alert');
SELECT protect_patient_table('telemonitoring_call');
REVOKE DELETE ON telemonitoring_alert, telemonitoring_call FROM terresante_app;
REVOKE UPDATE ON telemonitoring_call FROM terresante_app;
CREATE POLICY watched_together ON telemonitoring_alert FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' AND patient_id = ANY ((SELECT app_open_records())::uuid[]));
-- The policies of the follow-up's own table answer. How a cell works is no page of who is followed.
CREATE POLICY of_follow_up ON telemonitoring_alert AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_kind()) = 'professional' AND EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_alert.patient_id));
CREATE POLICY of_follow_up ON telemonitoring_call AS RESTRICTIVE FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_kind()) = 'professional' AND EXISTS (
        SELECT 1 FROM telemonitoring_followup AS whole
        WHERE whole.id = follow_up_id AND whole.patient_id = telemonitoring_call.patient_id));
-- A call is signed by who made it.
CREATE POLICY own ON telemonitoring_call AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (by_id = (SELECT app_user()));

CREATE FUNCTION keep_alert() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: a closed alert stays as it is' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_alert() FROM PUBLIC, terresante_app;
CREATE TRIGGER kept BEFORE UPDATE ON telemonitoring_alert FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND (OLD.state = 'closed' OR OLD.follow_up_id <> NEW.follow_up_id
          OR OLD.opened_at <> NEW.opened_at))
    EXECUTE FUNCTION keep_alert();
"""

# Asked of every patient at once, by jobs only: each way has its own small index.
DUE = """
CREATE FUNCTION alerts_due(moment timestamptz, most integer)
RETURNS TABLE (alert_id uuid, follow_up_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT due.id, due.follow_up_id, due.patient_id FROM (
        (SELECT * FROM telemonitoring_alert
         WHERE state <> 'closed' AND confirm_until IS NOT NULL AND confirm_until <= moment
         ORDER BY confirm_until LIMIT most)
        UNION ALL
        (SELECT * FROM telemonitoring_alert
         WHERE state IN ('taken', 'called') AND taken_until <= moment ORDER BY taken_until LIMIT most)
        UNION ALL
        (SELECT * FROM telemonitoring_alert
         WHERE state = 'new' AND climbs_at IS NOT NULL AND climbs_at <= moment ORDER BY climbs_at LIMIT most)
    ) AS due WHERE app_kind() = 'job'
$$;
"""

# What a cell did in a period: numbers, of those who left too, told to who works for its structure or manages it.
ACTIVITY = """
CREATE FUNCTION cell_activity(cell uuid, since date, until date)
RETURNS TABLE (measure text, label text, colour text, number numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app_kind() IS DISTINCT FROM 'professional' OR NOT EXISTS (
        SELECT 1 FROM telemonitoring_cell AS own JOIN directory_organization AS place ON place.id = own.organization_id
        LEFT JOIN directory_organization AS above ON above.id = place.part_of_id
        WHERE own.id = cell AND (own.organization_id = app_organization() OR app_has_duty('administrator')
            OR app_has_duty('local_administrator') AND app_organization() IN (place.part_of_id, above.part_of_id)))
    THEN RETURN; END IF;
    RETURN QUERY
    WITH followed AS MATERIALIZED (
        SELECT id FROM telemonitoring_followup WHERE cell_id = cell
    ), asked AS (
        SELECT state FROM telemonitoring_expected
        WHERE follow_up_id IN (SELECT id FROM followed) AND state <> 'cancelled'
          AND opens_at >= since::timestamp AT TIME ZONE 'Europe/Paris'
          AND opens_at < least((until + 1)::timestamp AT TIME ZONE 'Europe/Paris', now())
    ), alerts AS MATERIALIZED (
        SELECT * FROM telemonitoring_alert
        WHERE follow_up_id IN (SELECT id FROM followed) AND opened_at >= since::timestamp AT TIME ZONE 'Europe/Paris'
          AND opened_at < (until + 1)::timestamp AT TIME ZONE 'Europe/Paris'
    ), delays AS (
        SELECT extract(epoch FROM first_call_at - opened_at) / 60 AS minutes FROM alerts WHERE first_call_at IS NOT NULL
    ), items AS (
        SELECT DISTINCT alerts.id, coalesce(rule.said ->> 'label', '') AS item, alerts.outcome
        FROM alerts CROSS JOIN LATERAL jsonb_array_elements(
            CASE WHEN alerts.first_fired = '[]' THEN alerts.fired ELSE alerts.first_fired END) AS rule (said)
        WHERE alerts.state = 'closed' AND rule.said ->> 'colour' IN ('orange', 'red')
    )
    SELECT 'asked', '', '', count(*)::numeric FROM asked
    UNION ALL SELECT 'answered', '', '', count(*)::numeric FROM asked WHERE state = 'answered'
    UNION ALL SELECT 'alerts', (opened_at AT TIME ZONE 'Europe/Paris')::date::text, alerts.colour::text,
                     count(*)::numeric FROM alerts GROUP BY 2, 3
    UNION ALL SELECT 'called', '', '', count(*)::numeric FROM delays
    UNION ALL SELECT 'delay', 'median', '', percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes)::numeric FROM delays
    UNION ALL SELECT 'delay', 'p90', '', percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes)::numeric FROM delays
    UNION ALL SELECT 'outcome', outcome::text, '', count(*)::numeric FROM alerts WHERE state = 'closed' GROUP BY 2
    UNION ALL SELECT 'item', item, '', count(*)::numeric FROM items GROUP BY 2
    UNION ALL SELECT 'false', item, '', count(*)::numeric FROM items WHERE outcome = 'false_alarm' GROUP BY 2;
END $$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY['alerts_due(timestamptz, integer)', 'cell_activity(uuid, date, date)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0004_alerts")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (TABLES, DUE, ACTIVITY, OWNERSHIP)]
