from django.db import migrations

SQL = """
SELECT protect_patient_table('feed_feeditem');

-- Reading marks belong to their reader alone; they also tell whom somebody follows.
ALTER TABLE feed_readcursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_readcursor FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON feed_readcursor FOR ALL TO terresante_app USING (user_id = (SELECT app_user()));
ALTER TABLE feed_readexception ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_readexception FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON feed_readexception FOR ALL TO terresante_app USING (user_id = (SELECT app_user()));
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0001_initial"), ("care_team", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
