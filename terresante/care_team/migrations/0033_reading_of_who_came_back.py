from django.db import migrations

# Whoever comes back for a time is out when it is over, as who is taken out: not only once something closes his period.
SQL = """
CREATE OR REPLACE FUNCTION end_reading() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE over timestamptz := CASE WHEN NEW.ended_at IS NULL THEN NEW.expires_at ELSE now() END;
BEGIN
    UPDATE care_team_careteamparticipant SET reads_until = over
    WHERE patient_id = NEW.patient_id AND practitioner_id = NEW.practitioner_id AND reads_until > over;
    RETURN NULL;
END $$;
CREATE TRIGGER ends_reading_at_term AFTER INSERT OR UPDATE OF expires_at ON care_team_careteamparticipant FOR EACH ROW
    WHEN (NEW.practitioner_id IS NOT NULL AND NEW.ended_at IS NULL AND NEW.expires_at IS NOT NULL)
    EXECUTE FUNCTION end_reading();
"""

# Who handed a patient over reads on himself: as his emergencies, it is not lent to who acts for him (a NULL structure).
NOT_LENT = """
DO $$
DECLARE
    was text := pg_get_functiondef('record_readers(uuid, uuid[], uuid[], text)'::regprocedure);
    found text := 'OR person IN (SELECT practitioner_id FROM care_team_careteamparticipant';
BEGIN
    IF position(found IN was) = 0 THEN RAISE EXCEPTION 'record_readers is not as expected'; END IF;
    EXECUTE replace(was, found, replace(found, 'OR person', 'OR organization IS NOT NULL AND person'));
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0032_joining_walls")]

    operations = [
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunSQL(NOT_LENT, migrations.RunSQL.noop),
    ]
