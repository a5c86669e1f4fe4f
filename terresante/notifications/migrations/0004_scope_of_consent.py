from django.db import migrations

# A consent has an end and a scope: past the one, outside the other, nobody is told (care_team's `scope`).
SQL = """
DROP FUNCTION users_to_tell(uuid[], uuid[]);

-- Accounts behind the circles of patients, one row per situation (a professional in a structure he works for now).
CREATE FUNCTION users_to_tell(patients uuid[], private_tos uuid[], classes text[])
RETURNS TABLE (
    number bigint, user_id uuid, email text, person_id uuid, profession text, by_structure boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT asked.number, account.id, account.email::text, person.id, role.profession::text,
           bool_and(role.by_structure)
    FROM unnest(patients, private_tos, classes) WITH ORDINALITY AS asked (patient, private_to, class, number)
    JOIN care_team_careteamparticipant AS member ON member.patient_id = asked.patient
         AND member.ended_at IS NULL AND member.suspended_at IS NULL AND member.started_at <= now()
         AND (member.expires_at IS NULL OR member.expires_at > now())
         AND (asked.class = '' OR member.scope IS NULL OR asked.class = ANY (member.scope))
    -- Lateral: by index from each member, never the whole directory.
    CROSS JOIN LATERAL (
        SELECT practitioner_id, organization_id, profession, period_start, period_end, false AS by_structure
        FROM directory_practitionerrole WHERE practitioner_id = member.practitioner_id
        UNION ALL
        SELECT practitioner_id, organization_id, profession, period_start, period_end, true
        FROM directory_practitionerrole WHERE organization_id = member.organization_id
    ) AS role
    JOIN directory_organization AS place ON place.id = role.organization_id AND place.active
    JOIN directory_practitioner AS person ON person.id = role.practitioner_id AND person.active
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active
    WHERE app_kind() = 'job' AND account.email <> ''
      AND role.period_start <= current_date AND (role.period_end IS NULL OR role.period_end > current_date)
      AND (asked.private_to IS NULL OR role.organization_id = asked.private_to)
    GROUP BY asked.number, account.id, account.email, person.id, role.profession
$$;
ALTER FUNCTION users_to_tell(uuid[], uuid[], text[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION users_to_tell(uuid[], uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users_to_tell(uuid[], uuid[], text[]) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_audiences"), ("care_team", "0012_regime_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
