"""On what ground a professional opens a record, said by a function of its own: `open_record` only chooses among kinds."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION professional_basis(asked uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT CASE WHEN own.practitioner_id IS NULL THEN 'structure' ELSE 'member' END
         FROM care_team_careteamparticipant AS own
         WHERE own.patient_id = asked AND own.member_id IN (app_person(), app_organization())
           AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
         ORDER BY own.practitioner_id NULLS LAST LIMIT 1),
        (SELECT 'break_glass' FROM care_team_emergencyaccess AS own
         WHERE own.patient_id = asked AND own.practitioner_id = app_person()
           AND own.organization_id = app_organization() AND own.expires_at > now() LIMIT 1))
    WHERE app_kind() = 'professional'
$$;

CREATE OR REPLACE FUNCTION open_record(asked uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE basis text;
BEGIN
    basis := CASE app_kind()
        WHEN 'job' THEN 'job'
        WHEN 'patient' THEN CASE WHEN app_person() = asked THEN 'patient' END
        WHEN 'gateway' THEN (
            SELECT 'gateway' FROM patients_sourceidentity AS local
            JOIN patients_identitydomain AS domain ON domain.id = local.domain_id
            WHERE local.patient_id = asked AND domain.organization_id = app_organization() LIMIT 1)
        WHEN 'professional' THEN professional_basis(asked)
    END;
    PERFORM set_config('app.open_record', CASE WHEN basis IS NULL THEN '' ELSE asked::text END, true);
    PERFORM set_config('app.write_record',
        CASE WHEN basis IS NULL OR basis IN ('break_glass', 'patient') THEN '' ELSE asked::text END, true);
    RETURN basis;
END $$;
ALTER FUNCTION professional_basis(uuid) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION professional_basis(uuid) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0009_emergency_needs_sharing")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
