"""Whom the home page and the alerts of every page tell of, as keys: under the policies each way to find them was made
ready at every page, and three hundred memberships were sorted at each.
"""

from django.db import migrations

SQL = """
CREATE FUNCTION my_followed_keys(most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    person uuid := coalesce(app_principal(), app_person());
    here uuid := app_organization();
    found uuid[];
BEGIN
    IF app_kind() <> 'professional' OR app_has_duty('support_agent') THEN RETURN '{}'; END IF;
    found := ARRAY(
        SELECT own.patient_id FROM care_team_careteamparticipant AS own
        WHERE own.member_id = person
          AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= statement_timestamp()
          AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp()));
    IF found <> '{}' THEN RETURN found; END IF;
    -- Who follows nobody in person is told of his structure's, when they are few.
    found := ARRAY(
        SELECT own.patient_id FROM care_team_careteamparticipant AS own
        WHERE own.member_id = here
          AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= statement_timestamp()
          AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp())
        LIMIT most + 1);
    RETURN CASE WHEN cardinality(found) <= most THEN found ELSE '{}' END;
END $$;
ALTER FUNCTION my_followed_keys(integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION my_followed_keys(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION my_followed_keys(integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0034_my_patients_sorted"), ("directory", "0011_principal_of_few")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
