from django.db import migrations

TABLES = ("allergyintolerance", "caredirective", "condition", "immunization", "observation")
# A line is signed: only which version is in force may change. A job that loads the past dates it.
LINE = """
SELECT protect_patient_table('{table}');
SELECT hide_from_representatives('{table}');
REVOKE UPDATE, DELETE ON {table} FROM terresante_app;
GRANT UPDATE (is_current, recorded_at, asserted_at) ON {table} TO terresante_app;
-- What the person says herself, or who represents her by law: declared, never confirmed, told to her circle.
CREATE POLICY declares ON {table} FOR INSERT TO terresante_app WITH CHECK (
    patient_id = (SELECT app_open_record()) AND patient_id = (SELECT own_patient())
    AND origin = (SELECT app_kind()) AND verification_status = 'unconfirmed'
    AND version = 1 AND replaces_id IS NULL AND is_current AND author_id IS NULL AND organization_id IS NULL
    AND private_to_id IS NULL AND private_to_person_id IS NULL AND sector = ''
    AND NOT hidden_from_patient AND NOT hidden_from_representative);
CREATE TRIGGER date BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (current_user = 'terresante_app'
          AND (OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.asserted_at IS DISTINCT FROM NEW.asserted_at))
    EXECUTE FUNCTION keep_health_dates();
"""
FUNCTION = """
CREATE FUNCTION keep_health_dates() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'job' THEN
        RAISE EXCEPTION 'permission denied: a line of health keeps its dates' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_health_dates() FROM PUBLIC, terresante_app;
"""
# A version that is no longer in force does not come back: what follows it would be in force too.
ENDS = """
CREATE FUNCTION keep_health_end() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: a replaced line of health stays replaced' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_health_end() FROM PUBLIC, terresante_app;
"""
END = """
CREATE TRIGGER ended BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (current_user = 'terresante_app' AND NOT OLD.is_current AND NEW.is_current)
    EXECUTE FUNCTION keep_health_end();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("health_record", "0001_initial"),
        ("care_team", "0018_hand_over"),
        ("care_team", "0021_patients_hand_walls"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION + ENDS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL((LINE + END).format(table=f"health_record_{table}"), migrations.RunSQL.noop)
            for table in TABLES
        ),
    ]
