"""What the patient and the privacy officer may do, as narrow policies and listed functions; no other door."""

from django.db import migrations

FUNCTIONS = """
-- The circle comes back as it was; NULL when there is no opposition of this patient to lift.
CREATE FUNCTION lift_record_opposition() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lifted uuid;
BEGIN
    IF app_kind() <> 'patient' OR app_person() IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE care_team_consent SET withdrawn_at = now()
    WHERE patient_id = app_person() AND kind = 'opposition_record' AND withdrawn_at IS NULL
    RETURNING id INTO lifted;
    IF lifted IS NOT NULL THEN
        UPDATE care_team_careteamparticipant SET suspended_at = NULL
        WHERE patient_id = app_person() AND ended_at IS NULL;
    END IF;
    RETURN lifted;
END $$;

-- Identity of the person whose record somebody is about to open in emergency; nothing of what it holds.
CREATE FUNCTION emergency_identity(asked uuid)
RETURNS TABLE (record_id uuid, birth_name text, used_name text, given_name text, birth_date date, sex text,
               birth_place_name text, identity_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT record.id, patient.birth_name, patient.used_name,
           coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name),
           patient.birth_date, patient.sex, patient.birth_place_name, patient.identity_status
    FROM patients_patient AS patient JOIN patients_carerecord AS record ON record.patient_id = patient.id
    WHERE app_kind() = 'professional' AND patient.id = asked AND patient.merged_into_id IS NULL
$$;

-- Enough to tell two accesses apart: initials and birth year, for the privacy officer alone.
CREATE FUNCTION emergency_initials(accesses uuid[]) RETURNS TABLE (access_id uuid, initials text, birth_year integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT opened.id,
           left(coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name), 1) || '. '
           || left(coalesce(nullif(patient.used_name, ''), patient.birth_name), 1) || '.',
           extract(year FROM patient.birth_date)::integer
    FROM care_team_emergencyaccess AS opened JOIN patients_patient AS patient ON patient.id = opened.patient_id
    WHERE opened.id = ANY (accesses) AND app_has_duty('privacy_officer')
$$;

DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'open_record(uuid)', 'lift_record_opposition()', 'emergency_identity(uuid)', 'emergency_initials(uuid[])'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""

# An opposition also ends the emergency accesses that are open; a choice is withdrawn, never deleted.
NARROW = """
CREATE POLICY closes ON care_team_emergencyaccess FOR UPDATE TO terresante_app
    USING (patient_id = (SELECT app_write_record())) WITH CHECK (expires_at <= statement_timestamp());
REVOKE UPDATE ON care_team_emergencyaccess FROM terresante_app;
GRANT UPDATE (expires_at, reviewed_at, reviewed_by_name, review_note) ON care_team_emergencyaccess TO terresante_app;
REVOKE DELETE ON care_team_consent FROM terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0003_review_and_roles")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (FUNCTIONS, NARROW)
    ]
