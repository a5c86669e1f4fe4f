"""A gateway's batch opens many records at once: each checked as `open_record` does, all of them named.

Only the tables such a batch touches have the policy; a page's context leaves the list empty.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION app_open_records() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('app.open_records', true), ''), '{}')::uuid[] $$;

CREATE FUNCTION open_records(asked uuid[]) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE opened uuid[];
BEGIN
    opened := coalesce(CASE app_kind()
        WHEN 'job' THEN asked
        WHEN 'gateway' THEN (
            SELECT array_agg(DISTINCT local.patient_id) FROM patients_sourceidentity AS local
            JOIN patients_identitydomain AS domain ON domain.id = local.domain_id
            WHERE local.patient_id = ANY (asked) AND domain.organization_id = app_organization())
    END, '{}');
    PERFORM set_config('app.open_records', opened::text, true);
    RETURN opened;
END $$;
ALTER FUNCTION open_records(uuid[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION open_records(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_records(uuid[]) TO terresante_app;
"""

# Identities, records and choices are read together; they are changed one at a time.
POLICIES = """
CREATE POLICY reads_together ON patients_patient FOR SELECT TO terresante_app
    USING (id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY reads_together ON patients_sourceidentity FOR SELECT TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY reads_together ON patients_carerecord FOR SELECT TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
CREATE POLICY reads_together ON care_team_consent FOR SELECT TO terresante_app
    USING (patient_id = ANY ((SELECT app_open_records())::uuid[]));
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0007_identity_desk")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (FUNCTIONS, POLICIES)]
