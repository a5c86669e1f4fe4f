from django.db import migrations

TABLE = """
SELECT protect_patient_table('home_care_homeaccess');
-- Said once, it stays: what follows it is a row of its own.
REVOKE UPDATE, DELETE ON home_care_homeaccess FROM terresante_app;
-- The person, and who acts for her, her carer included, in the record that is open for them.
CREATE POLICY says ON home_care_homeaccess FOR INSERT TO terresante_app WITH CHECK (
    patient_id = (SELECT app_open_record()) AND (SELECT app_kind()) IN ('patient', 'representative'));
-- Nobody says it in the name of another.
CREATE POLICY signed ON home_care_homeaccess AS RESTRICTIVE FOR INSERT TO terresante_app WITH CHECK (
    (SELECT app_kind()) = 'job'
    OR origin = (SELECT app_kind())
       AND (origin = 'professional' AND author_id = (SELECT app_person())
            OR origin <> 'professional' AND author_id IS NULL));
-- A hospital's software goes to nobody's door.
CREATE POLICY of_people ON home_care_homeaccess AS RESTRICTIVE FOR SELECT TO terresante_app
    USING ((SELECT app_kind()) <> 'gateway');
"""


class Migration(migrations.Migration):
    dependencies = [("home_care", "0001_initial"), ("care_team", "0033_reading_of_who_came_back")]

    operations = [migrations.RunSQL(TABLE, migrations.RunSQL.noop)]
