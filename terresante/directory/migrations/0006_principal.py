"""For whom a secretary acts, as the database knows it: the session says whom, these rows say whether."""

from django.db import migrations

SQL = """
CREATE FUNCTION app_principal() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT given.physician_id FROM directory_delegation AS given
    JOIN directory_organization AS place ON place.id = given.organization_id AND place.active
    JOIN directory_practitioner AS physician ON physician.id = given.physician_id AND physician.active
    JOIN directory_practitioner AS secretary ON secretary.id = given.secretary_id AND secretary.active,
    LATERAL (SELECT (now() AT TIME ZONE 'Europe/Paris')::date AS is_today) AS day
    WHERE app_kind() = 'professional'
      AND given.physician_id = nullif(current_setting('app.principal', true), '')::uuid
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
    LIMIT 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_desks"), ("kernel", "0002_trail_and_outbox")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
