from django.db import migrations

# Who is told of an emergency, of those in the circle: as everywhere, not past the end of a consent.
SQL = """
DO $$
DECLARE
    was text := pg_get_functiondef('emergency_addresses(uuid)'::regprocedure);
    ended text := 'member.ended_at IS NULL AND member.suspended_at IS NULL';
BEGIN
    IF strpos(was, ended) = 0 THEN RAISE EXCEPTION 'emergency_addresses says no longer: %', ended; END IF;
    EXECUTE replace(was, ended, ended || ' AND (member.expires_at IS NULL OR member.expires_at > now())');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_choices"), ("care_team", "0012_regime_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
