"""The logins of an account, for whom administers it: of the trail, nothing that is about a patient."""

from django.db import migrations

SQL = """
CREATE FUNCTION account_history(account uuid, most integer)
RETURNS TABLE (at timestamptz, action text, outcome text, by_what text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT entry.at, entry.action::text, entry.outcome::text, coalesce(entry.detail ->> 'by', entry.detail ->> 'step')
    FROM kernel_auditentry AS entry
    WHERE entry.user_id = account AND entry.action LIKE 'account.%' AND entry.patient_id IS NULL
      AND entry.at > now() - interval '6 months' AND app_kind() = 'professional'
      AND (app_has_duty('administrator') OR app_has_duty('local_administrator') AND EXISTS (
        SELECT 1 FROM directory_practitioner AS person
        JOIN directory_practitionerrole AS role ON role.practitioner_id = person.id
        JOIN directory_organization AS place ON place.id = role.organization_id
        LEFT JOIN directory_organization AS above ON above.id = place.part_of_id
        WHERE person.user_id = account
          AND role.period_start <= (now() AT TIME ZONE 'Europe/Paris')::date
          AND (role.period_end IS NULL OR role.period_end > (now() AT TIME ZONE 'Europe/Paris')::date)
          AND app_organization() IN (place.id, place.part_of_id, above.part_of_id)))
    ORDER BY entry.at DESC LIMIT least(most, 100)
$$;
ALTER FUNCTION account_history(uuid, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION account_history(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_history(uuid, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0006_principal")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
