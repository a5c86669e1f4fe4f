"""For whom one acts, asked of those who act for somebody: the policies of circles ask it at nearly every statement."""

from django.db import migrations

SQL = """
CREATE OR REPLACE FUNCTION app_principal() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
    named uuid := nullif(current_setting('app.principal', true), '')::uuid;
    is_today date;
BEGIN
    IF named IS NULL OR app_kind() <> 'professional' THEN RETURN NULL; END IF;
    is_today := (now() AT TIME ZONE 'Europe/Paris')::date;
    RETURN (
        SELECT given.physician_id FROM directory_delegation AS given
        JOIN directory_organization AS place ON place.id = given.organization_id AND place.active
        JOIN directory_practitioner AS physician ON physician.id = given.physician_id AND physician.active
        JOIN directory_practitioner AS secretary ON secretary.id = given.secretary_id AND secretary.active
        WHERE given.physician_id = named
          AND given.secretary_id = app_person() AND given.organization_id = app_organization()
          AND given.revoked_at IS NULL AND given.starts_on <= is_today
          AND (given.ends_on IS NULL OR given.ends_on > is_today)
          AND EXISTS (
            SELECT 1 FROM directory_practitionerrole AS role
            WHERE role.practitioner_id = given.physician_id AND role.organization_id = given.organization_id
              AND role.period_start <= is_today AND (role.period_end IS NULL OR role.period_end > is_today))
          -- A medical secretary or assistant (directory.enums.SECRETARIES).
          AND EXISTS (
            SELECT 1 FROM directory_practitionerrole AS role
            WHERE role.practitioner_id = given.secretary_id AND role.organization_id = given.organization_id
              AND role.profession IN ('331', '332')
              AND role.period_start <= is_today AND (role.period_end IS NULL OR role.period_end > is_today))
        LIMIT 1);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0010_has_cell")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
