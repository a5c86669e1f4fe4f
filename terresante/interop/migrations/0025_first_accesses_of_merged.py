"""Who came first to a record while two identities were one came to the one that goes on: nobody is asked whose he is.

The trail makes these rows a moment after the reading: the desk was then asked of what nobody had written.
"""

from django.db import migrations

SQL = """
DO $$
DECLARE
    said text := pg_get_functiondef('sides_since_merge(uuid, uuid[], uuid[])'::regprocedure);
    marks text := '''feed_readcursor'', ''feed_readexception'',';
BEGIN
    IF strpos(said, marks) = 0 THEN RAISE EXCEPTION 'sides_since_merge says no longer: %', marks; END IF;
    EXECUTE replace(said, marks, marks || ' ''care_team_firstaccess'',');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0024_reach_asked_once")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
