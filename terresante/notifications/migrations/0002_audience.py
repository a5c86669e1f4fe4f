"""Who is told by e-mail: listed functions, for jobs only; they give accounts and addresses, no content."""

from django.db import migrations

FUNCTIONS = """
-- Accounts behind the circle of a patient, one row per situation (a professional in a structure he works for now).
CREATE FUNCTION users_to_tell(asked uuid, private_to uuid)
RETURNS TABLE (user_id uuid, email text, person_id uuid, profession text, by_structure boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account.id, account.email::text, person.id, role.profession::text, bool_and(found.by_structure)
    FROM (
        SELECT role.id AS role_id, false AS by_structure
        FROM care_team_careteamparticipant AS member
        JOIN directory_practitionerrole AS role ON role.practitioner_id = member.practitioner_id
        WHERE member.patient_id = asked AND member.ended_at IS NULL AND member.suspended_at IS NULL
          AND member.started_at <= now()
        UNION ALL
        SELECT role.id, true
        FROM care_team_careteamparticipant AS member
        JOIN directory_practitionerrole AS role ON role.organization_id = member.organization_id
        WHERE member.patient_id = asked AND member.ended_at IS NULL AND member.suspended_at IS NULL
          AND member.started_at <= now()
    ) AS found
    JOIN directory_practitionerrole AS role ON role.id = found.role_id
    JOIN directory_organization AS place ON place.id = role.organization_id AND place.active
    JOIN directory_practitioner AS person ON person.id = role.practitioner_id AND person.active
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active
    WHERE app_kind() = 'job' AND account.email <> ''
      AND role.period_start <= current_date AND (role.period_end IS NULL OR role.period_end > current_date)
      AND (private_to IS NULL OR role.organization_id = private_to)
    GROUP BY account.id, account.email, person.id, role.profession
$$;

-- Whom an emergency access is told to. A patient without an account is told at the address of his identity.
CREATE FUNCTION emergency_addresses(asked uuid) RETURNS TABLE (key uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH opened AS (
        SELECT patient_id, organization_id FROM care_team_emergencyaccess WHERE id = asked AND app_kind() = 'job'
    ), patient_accounts AS (
        SELECT account.id, account.email FROM opened
        JOIN patients_patientaccount AS own USING (patient_id)
        JOIN accounts_user AS account ON account.id = own.user_id AND account.is_active AND account.email <> ''
    )
    SELECT id, email::text FROM patient_accounts
    UNION
    SELECT patient.id, patient.email::text FROM opened JOIN patients_patient AS patient ON patient.id = opened.patient_id
    WHERE patient.email <> '' AND NOT EXISTS (SELECT 1 FROM patient_accounts)
    UNION
    SELECT account.id, account.email::text FROM opened
    JOIN care_team_careteamparticipant AS member ON member.patient_id = opened.patient_id
    JOIN directory_practitioner AS person ON person.id = member.practitioner_id AND person.active
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active AND account.email <> ''
    WHERE member.role IN ('attending', 'referent') AND member.ended_at IS NULL AND member.suspended_at IS NULL
    UNION
    SELECT place.id, place.email::text FROM opened
    JOIN care_team_careteamparticipant AS member ON member.patient_id = opened.patient_id
    JOIN directory_organization AS place ON place.id = member.organization_id AND place.active AND place.email <> ''
    WHERE member.role = 'referent' AND member.ended_at IS NULL AND member.suspended_at IS NULL
    UNION
    SELECT account.id, account.email::text FROM opened
    JOIN directory_practitionerrole AS role ON role.organization_id = opened.organization_id
    JOIN directory_practitioner AS person ON person.id = role.practitioner_id AND person.active
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active AND account.email <> ''
    WHERE 'privacy_officer' = ANY (role.duties)
      AND role.period_start <= current_date AND (role.period_end IS NULL OR role.period_end > current_date)
$$;

DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY['users_to_tell(uuid, uuid)', 'emergency_addresses(uuid)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_preferences"), ("care_team", "0004_narrow_writes")]

    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
