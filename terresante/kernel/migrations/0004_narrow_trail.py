"""What the application adds to the trail and to the outbox: its own words, never their order nor another's name."""

from django.db import migrations

# `xid` and `seq` are the database's: a row of a transaction to come would be sealed by nobody, one of the past would
# break the chain of the honest.
TRAIL = """
REVOKE INSERT ON kernel_auditentry FROM terresante_app;
GRANT INSERT (id, at, action, outcome, patient_id, object_type, object_id, actor_kind, user_id, person_id,
              organization_id, actor_name, actor_role, organization_name, purpose, channel, correlation_id, detail)
    ON kernel_auditentry TO terresante_app;
-- A job writes for the gateways whose messages it applies.
DROP POLICY append ON kernel_auditentry;
CREATE POLICY append ON kernel_auditentry FOR INSERT TO terresante_app
    WITH CHECK (user_id IS NOT DISTINCT FROM (SELECT app_user()) OR (SELECT app_kind()) = 'job');
-- The hour and the hospital of a secret stay would tell of it: the row of the trail has the limit of what it is about.
CREATE POLICY private_to_structure ON kernel_auditentry AS RESTRICTIVE FOR SELECT TO terresante_app USING (
    NOT detail ? 'private_to' OR detail ->> 'private_to' = (SELECT app_organization())::text
    OR user_id = (SELECT app_user()) OR (SELECT app_has_duty('privacy_officer')));
"""

OUTBOX = """
REVOKE INSERT ON kernel_outboxevent FROM terresante_app;
GRANT INSERT (id, kind, patient_id, payload, correlation_id, created_at, position)
    ON kernel_outboxevent TO terresante_app;
DROP POLICY emit ON kernel_outboxevent;
CREATE POLICY emit ON kernel_outboxevent FOR INSERT TO terresante_app
    WITH CHECK (position IS NULL AND (SELECT app_kind()) <> '');
DROP POLICY carry ON kernel_outboxevent;
CREATE POLICY carry ON kernel_outboxevent FOR SELECT TO terresante_app USING ((SELECT app_kind()) = 'job');
CREATE POLICY numbers ON kernel_outboxevent FOR UPDATE TO terresante_app USING ((SELECT app_kind()) = 'job');
CREATE POLICY forgets ON kernel_outboxevent FOR DELETE TO terresante_app USING ((SELECT app_kind()) = 'job');
"""

# Years at most: each partition is a lock, and the whole server has few.
PARTITIONS = """
CREATE OR REPLACE FUNCTION ensure_audit_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', now())::date;
    month date;
    reached integer := 0;
BEGIN
    FOR n IN 0..least(months_ahead, 60) LOOP
        month := first + make_interval(months => n);
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF kernel_auditentry FOR VALUES FROM (%L) TO (%L)',
            'kernel_auditentry_' || to_char(month, 'YYYY_MM'), month, month + interval '1 month'
        );
        EXECUTE format(
            'REVOKE ALL ON %I FROM terresante_app', 'kernel_auditentry_' || to_char(month, 'YYYY_MM')
        );
        reached := n;
    END LOOP;
    RETURN reached;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_live")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (TRAIL, OUTBOX, PARTITIONS)]
