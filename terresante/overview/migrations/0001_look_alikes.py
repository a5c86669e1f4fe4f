"""Identities that may be the same person as one being entered, with the traits that let a person compare them.

Identity only, a few rows, and only for whoever gives the five traits; the basis is match_patients (care_team).
"""

from django.db import migrations

LOOK_ALIKES = """
CREATE FUNCTION look_alikes(
    asked_name text, asked_given text, asked_birth date, asked_sex text, most integer)
RETURNS TABLE (
    patient_id uuid, rank integer, record_id uuid, birth_name text, used_name text, given_names text, birth_date date,
    sex text, birth_place_name text, identity_status text, mine boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient.id, found.rank, record.id, patient.birth_name, patient.used_name, patient.birth_given_names,
           patient.birth_date, patient.sex, patient.birth_place_name, patient.identity_status,
           EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                   WHERE own.patient_id = patient.id AND own.member_id IN (app_person(), app_organization())
                     AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now())
    FROM match_patients('', asked_name, asked_given, asked_birth, asked_sex, most) AS found
    JOIN patients_patient AS patient ON patient.id = found.patient_id
    LEFT JOIN patients_carerecord AS record ON record.patient_id = patient.id
    WHERE app_kind() = 'professional'
    ORDER BY found.rank, patient.match_birth_name, patient.id
$$;
ALTER FUNCTION look_alikes(text, text, date, text, integer) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION look_alikes(text, text, date, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION look_alikes(text, text, date, text, integer) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0002_walls")]

    operations = [migrations.RunSQL(LOOK_ALIKES, "DROP FUNCTION look_alikes(text, text, date, text, integer)")]
