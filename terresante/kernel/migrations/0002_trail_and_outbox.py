"""Audit (partitioned, append-only), its seals, the outbox: tables that Django's schema editor cannot draw."""

from django.db import migrations

CONTEXT = """
CREATE FUNCTION app_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('app.kind', true), '') $$;
CREATE FUNCTION app_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.user', true), '')::uuid $$;
CREATE FUNCTION app_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.person', true), '')::uuid $$;
CREATE FUNCTION app_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.organization', true), '')::uuid $$;
CREATE FUNCTION app_open_record() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.open_record', true), '')::uuid $$;
CREATE FUNCTION app_write_record() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.write_record', true), '')::uuid $$;
CREATE FUNCTION app_has_duty(duty text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT duty = ANY (string_to_array(coalesce(current_setting('app.duties', true), ''), ',')) $$;
"""

AUDIT = """
CREATE TABLE kernel_auditentry (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    action varchar(60) NOT NULL,
    outcome varchar(10) NOT NULL,
    patient_id uuid,
    object_type varchar(60) NOT NULL,
    object_id uuid,
    actor_kind varchar(20) NOT NULL,
    user_id uuid,
    person_id uuid,
    organization_id uuid,
    actor_name varchar(200) NOT NULL,
    actor_role varchar(120) NOT NULL,
    organization_name varchar(200) NOT NULL,
    purpose varchar(20) NOT NULL,
    channel varchar(20) NOT NULL,
    correlation_id uuid NOT NULL,
    detail jsonb NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE kernel_auditentry_default PARTITION OF kernel_auditentry DEFAULT;
CREATE INDEX audit_patient ON kernel_auditentry (patient_id, at DESC) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_user ON kernel_auditentry (user_id, at DESC);
CREATE INDEX audit_xid ON kernel_auditentry (xid, seq);

CREATE FUNCTION ensure_audit_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', now())::date;
    month date;
    reached integer := 0;
BEGIN
    FOR n IN 0..months_ahead LOOP
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
SELECT ensure_audit_partitions(24);

REVOKE ALL ON kernel_auditentry, kernel_auditentry_default FROM terresante_app;
GRANT SELECT, INSERT ON kernel_auditentry TO terresante_app;
GRANT SELECT ON kernel_auditentry TO terresante_sealer;
REVOKE ALL ON FUNCTION ensure_audit_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_audit_partitions(integer) TO terresante_app;

ALTER TABLE kernel_auditentry ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel_auditentry FORCE ROW LEVEL SECURITY;
CREATE POLICY append ON kernel_auditentry FOR INSERT TO terresante_app WITH CHECK (true);
CREATE POLICY seal ON kernel_auditentry FOR SELECT TO terresante_sealer USING (true);
CREATE POLICY own_record ON kernel_auditentry FOR SELECT TO terresante_app
    USING (patient_id = (SELECT app_open_record()));
CREATE POLICY own_doing ON kernel_auditentry FOR SELECT TO terresante_app
    USING (user_id = (SELECT app_user()));
CREATE POLICY privacy_officer ON kernel_auditentry FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('privacy_officer')));
"""

SEAL = """
CREATE TABLE kernel_auditseal (
    number bigint PRIMARY KEY,
    from_xid xid8 NOT NULL,
    to_xid xid8 NOT NULL,
    entries bigint NOT NULL,
    digest char(64) NOT NULL,
    head char(64) NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON kernel_auditseal FROM terresante_app;
GRANT SELECT ON kernel_auditseal TO terresante_app;
GRANT SELECT, INSERT ON kernel_auditseal TO terresante_sealer;
GRANT USAGE ON SCHEMA public TO terresante_sealer;
"""

OUTBOX = """
CREATE TABLE kernel_outboxevent (
    id uuid PRIMARY KEY,
    kind varchar(60) NOT NULL,
    patient_id uuid,
    payload jsonb NOT NULL,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint UNIQUE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY
) WITH (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 80);
CREATE INDEX outbox_unnumbered ON kernel_outboxevent (xid, seq) WHERE position IS NULL;

ALTER TABLE kernel_outboxevent ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel_outboxevent FORCE ROW LEVEL SECURITY;
CREATE POLICY emit ON kernel_outboxevent FOR INSERT TO terresante_app WITH CHECK (true);
CREATE POLICY carry ON kernel_outboxevent FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job');
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(CONTEXT, migrations.RunSQL.noop),
        migrations.RunSQL(AUDIT, migrations.RunSQL.noop),
        migrations.RunSQL(SEAL, migrations.RunSQL.noop),
        migrations.RunSQL(OUTBOX, migrations.RunSQL.noop),
    ]
