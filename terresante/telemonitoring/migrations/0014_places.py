"""Where the person lives, kept on her follow-ups: a board is asked for a territory without reading every address."""

from django.db import migrations, models

SQL = """
-- Corsica has two departments under one beginning; overseas it has three digits.
CREATE FUNCTION department_of(postal_code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN postal_code !~ '^[0-9]{5}$' THEN ''
                WHEN postal_code LIKE '20%' THEN CASE WHEN postal_code < '20200' THEN '2A' ELSE '2B' END
                WHEN postal_code ~ '^9[78]' THEN left(postal_code, 3) ELSE left(postal_code, 2) END
$$;

CREATE FUNCTION keep_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT department_of(postal_code), postal_code, city INTO NEW.department, NEW.postal_code, NEW.city
    FROM patients_patient WHERE id = NEW.patient_id;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_place BEFORE INSERT OR UPDATE OF patient_id ON telemonitoring_followup
    FOR EACH ROW EXECUTE FUNCTION keep_place();

-- Written again, they take the address as it is now.
CREATE FUNCTION move_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE telemonitoring_followup SET patient_id = patient_id WHERE patient_id = NEW.id AND state <> 'ended';
    RETURN NULL;
END $$;
CREATE TRIGGER move_place AFTER UPDATE OF postal_code, city ON patients_patient FOR EACH ROW
    WHEN ((OLD.postal_code, OLD.city) IS DISTINCT FROM (NEW.postal_code, NEW.city)) EXECUTE FUNCTION move_place();

DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY['keep_place()', 'move_place()'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
    END LOOP;
END $$;
UPDATE telemonitoring_followup SET patient_id = patient_id;
"""


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0013_narrow")]

    operations = [
        migrations.AddField("followup", "department", models.CharField(blank=True, default="", editable=False, max_length=3)),
        migrations.AddField("followup", "postal_code", models.CharField(blank=True, default="", editable=False, max_length=5)),
        migrations.AddField("followup", "city", models.CharField(blank=True, default="", editable=False, max_length=100)),
        migrations.AddIndex("followup", models.Index(fields=["cell", "state", "department", "postal_code"], name="follow_ups_of_place")),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
