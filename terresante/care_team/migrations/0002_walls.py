"""Second wall (DESIGN.md 5): who reaches a patient's rows, as PostgreSQL policies and a closed list of bases.

`protect_patient_table` is the one place where the measured policy shape stands; every app's migration calls it
for its own tables. Without OFFSET 0 the planner hashes all the caller's patients (STACK.md 4).
"""

from django.db import migrations

PROTECT = """
CREATE FUNCTION protect_patient_table(protected regclass, key text DEFAULT 'patient_id') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $body$
DECLARE
    member text := format($q$EXISTS (
        SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = %1$s.%2$I
          AND own.member_id IN ((SELECT app_person()), (SELECT app_organization()))
          AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
        OFFSET 0)$q$, protected, key);
    emergency text := format($q$EXISTS (
        SELECT 1 FROM care_team_emergencyaccess AS own
        WHERE own.patient_id = %1$s.%2$I AND own.practitioner_id = (SELECT app_person())
          AND own.organization_id = (SELECT app_organization()) AND own.expires_at > now()
        OFFSET 0)$q$, protected, key);
    -- A patient's own rows: no other person has his key.
    reads text := format('%1$I = (SELECT app_open_record()) OR %1$I = (SELECT app_person()) OR %2$s OR %3$s',
                         key, member, emergency);
    writes text := format('%I = (SELECT app_write_record()) OR %s', key, member);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY reads ON %s FOR SELECT TO terresante_app USING (%s)', protected, reads);
    EXECUTE format('CREATE POLICY adds ON %s FOR INSERT TO terresante_app WITH CHECK (%s)', protected, writes);
    EXECUTE format('CREATE POLICY changes ON %s FOR UPDATE TO terresante_app USING (%s)', protected, writes);
    EXECUTE format('CREATE POLICY removes ON %s FOR DELETE TO terresante_app USING (%s)', protected, writes);
    IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = protected AND attname = 'private_to_id') THEN
        EXECUTE format($q$CREATE POLICY private_to_structure ON %s AS RESTRICTIVE FOR ALL TO terresante_app
            USING (private_to_id IS NULL OR private_to_id = (SELECT app_organization())
                   OR (SELECT app_kind()) = 'job')$q$, protected);
    END IF;
    IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = protected AND attname = 'hidden_from_patient') THEN
        EXECUTE format($q$CREATE POLICY hidden_from_patient ON %s AS RESTRICTIVE FOR ALL TO terresante_app
            USING (NOT hidden_from_patient
                   OR (SELECT app_kind()) NOT IN ('patient', 'representative'))$q$, protected);
    END IF;
END $body$;
REVOKE ALL ON FUNCTION protect_patient_table(regclass, text) FROM PUBLIC, terresante_app;
"""

# Policies of the two tables the others look into are not recursive: the caller's own rows, or the open record's.
CIRCLE = """
ALTER TABLE care_team_careteamparticipant ENABLE ROW LEVEL SECURITY;
ALTER TABLE care_team_careteamparticipant FORCE ROW LEVEL SECURITY;
-- A structure's membership is its professionals': its gateway reaches only the patients it knows under its own number.
CREATE POLICY reads ON care_team_careteamparticipant FOR SELECT TO terresante_app USING (
    patient_id IN ((SELECT app_open_record()), (SELECT app_person()))
    OR (SELECT app_kind()) = 'professional' AND member_id IN ((SELECT app_person()), (SELECT app_organization())));
CREATE POLICY adds ON care_team_careteamparticipant FOR INSERT TO terresante_app
    WITH CHECK (patient_id = (SELECT app_write_record()));
CREATE POLICY changes ON care_team_careteamparticipant FOR UPDATE TO terresante_app
    USING (patient_id = (SELECT app_write_record()));

ALTER TABLE care_team_emergencyaccess ENABLE ROW LEVEL SECURITY;
ALTER TABLE care_team_emergencyaccess FORCE ROW LEVEL SECURITY;
CREATE POLICY reads ON care_team_emergencyaccess FOR SELECT TO terresante_app USING (
    patient_id = (SELECT app_open_record()) OR practitioner_id = (SELECT app_person())
    OR (SELECT app_has_duty('privacy_officer')));
CREATE POLICY reviews ON care_team_emergencyaccess FOR UPDATE TO terresante_app
    USING ((SELECT app_has_duty('privacy_officer')));
REVOKE DELETE ON care_team_careteamparticipant, care_team_emergencyaccess FROM terresante_app;
REVOKE INSERT ON care_team_emergencyaccess FROM terresante_app;
"""

PROTECTED = """
SELECT protect_patient_table('patients_patient', 'id');
SELECT protect_patient_table('patients_sourceidentity');
SELECT protect_patient_table('patients_carerecord');
SELECT protect_patient_table('patients_relatedperson');
SELECT protect_patient_table('care_team_consent');

-- An identity may be made before anything reaches it; it is then read through open_record or found_record only.
CREATE POLICY creates ON patients_patient FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) IN ('professional', 'gateway', 'job'));
-- The identity desk compares and links identities; it has no policy on any clinical table.
CREATE POLICY identity_desk ON patients_patient FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')));
CREATE POLICY identity_desk ON patients_sourceidentity FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')));
CREATE POLICY links ON patients_sourceidentity FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer'))
                -- A gateway links in its own establishment's domains: another's would open it another's patients.
                OR (SELECT app_kind()) = 'gateway' AND EXISTS (
                    SELECT 1 FROM patients_identitydomain AS domain
                    WHERE domain.id = domain_id AND domain.organization_id = (SELECT app_organization())));

ALTER TABLE patients_patientaccount ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients_patientaccount FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patients_patientaccount FOR SELECT TO terresante_app
    USING (user_id = (SELECT app_user()) OR patient_id = (SELECT app_open_record()));
CREATE POLICY opens ON patients_patientaccount FOR INSERT TO terresante_app
    WITH CHECK (patient_id = (SELECT app_write_record()));
"""

FUNCTIONS = """
-- Break-glass and the patient's own basis only read: what he changes goes through `lift_record_opposition`.
CREATE FUNCTION open_record(asked uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE basis text;
BEGIN
    basis := CASE app_kind()
        WHEN 'job' THEN 'job'
        WHEN 'patient' THEN CASE WHEN app_person() = asked THEN 'patient' END
        WHEN 'gateway' THEN (
            SELECT 'gateway' FROM patients_sourceidentity AS local
            JOIN patients_identitydomain AS domain ON domain.id = local.domain_id
            WHERE local.patient_id = asked AND domain.organization_id = app_organization() LIMIT 1)
        WHEN 'professional' THEN coalesce(
            (SELECT CASE WHEN own.practitioner_id IS NULL THEN 'structure' ELSE 'member' END
             FROM care_team_careteamparticipant AS own
             WHERE own.patient_id = asked AND own.member_id IN (app_person(), app_organization())
               AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
             ORDER BY own.practitioner_id NULLS LAST LIMIT 1),
            (SELECT 'break_glass' FROM care_team_emergencyaccess AS own
             WHERE own.patient_id = asked AND own.practitioner_id = app_person()
               AND own.organization_id = app_organization() AND own.expires_at > now() LIMIT 1))
    END;
    PERFORM set_config('app.open_record', CASE WHEN basis IS NULL THEN '' ELSE asked::text END, true);
    PERFORM set_config('app.write_record',
        CASE WHEN basis IS NULL OR basis IN ('break_glass', 'patient') THEN '' ELSE asked::text END, true);
    RETURN basis;
END $$;

-- A professional founds the record of an identity that has none; there is nothing clinical behind it yet.
CREATE FUNCTION found_record(asked uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE allowed boolean;
BEGIN
    allowed := app_kind() IN ('professional', 'job')
        AND EXISTS (SELECT 1 FROM patients_patient WHERE id = asked AND merged_into_id IS NULL)
        AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked);
    PERFORM set_config('app.open_record', CASE WHEN allowed THEN asked::text ELSE '' END, true);
    PERFORM set_config('app.write_record', CASE WHEN allowed THEN asked::text ELSE '' END, true);
    RETURN allowed;
END $$;

-- Break-glass: the only way a row enters emergency accesses. Four hours, by the clock of the database.
-- 'opened', 'opposed' (the patient forbade it), or NULL when there is no such open record.
CREATE FUNCTION open_emergency_access(access_id uuid, asked uuid, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() <> 'professional' OR app_person() IS NULL OR app_organization() IS NULL
       OR NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_consent WHERE patient_id = asked AND withdrawn_at IS NULL
               AND kind IN ('opposition_record', 'opposition_emergency')) THEN
        RETURN 'opposed';
    END IF;
    INSERT INTO care_team_emergencyaccess
        (id, patient_id, practitioner_id, organization_id, user_id, reason, opened_at, expires_at)
    VALUES (access_id, asked, app_person(), app_organization(), app_user(), why, now(), now() + interval '4 hours');
    RETURN 'opened';
END $$;

-- Who, among those connected, reaches this patient's record: numbers, from 1, of (person, structure acted for) pairs.
CREATE FUNCTION record_readers(asked uuid, persons uuid[], organizations uuid[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH member AS (
        SELECT member_id FROM care_team_careteamparticipant
        WHERE patient_id = asked AND member_id = ANY (persons || organizations)
          AND ended_at IS NULL AND suspended_at IS NULL AND started_at <= now()
    )
    SELECT number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, organization, number)
    WHERE person = asked OR person IN (SELECT member_id FROM member) OR organization IN (SELECT member_id FROM member)
       OR (person, organization) IN (
            SELECT practitioner_id, organization_id FROM care_team_emergencyaccess
            WHERE patient_id = asked AND practitioner_id = ANY (persons) AND expires_at > now())
$$;

CREATE FUNCTION patient_behind(account uuid) RETURNS TABLE (patient_id uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient.id, initcap(coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name)) || ' '
           || coalesce(nullif(patient.used_name, ''), patient.birth_name)
    FROM patients_patientaccount AS own JOIN patients_patient AS patient ON patient.id = own.patient_id
    WHERE own.user_id = account
$$;
"""

# Cross-patient questions: identities only, few rows, never clinical content (DESIGN.md 5).
SEARCH = """
CREATE FUNCTION search_patients(born date, name_prefix text, given_prefix text, most integer)
RETURNS TABLE (
    patient_id uuid, record_id uuid, birth_name text, used_name text, given_name text, birth_date date, sex text,
    birth_place_name text, identity_status text, mine boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient.id, record.id, patient.birth_name, patient.used_name,
           coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name),
           patient.birth_date, patient.sex, patient.birth_place_name, patient.identity_status,
           EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                   WHERE own.patient_id = patient.id AND own.member_id IN (app_person(), app_organization())
                     AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now())
    FROM patients_patient AS patient LEFT JOIN patients_carerecord AS record ON record.patient_id = patient.id
    WHERE app_kind() = 'professional' AND length(name_prefix) >= 2 AND length(given_prefix) >= 2
      AND patient.birth_date = born AND patient.merged_into_id IS NULL
      AND (starts_with(patient.match_birth_name, name_prefix) OR starts_with(patient.match_used_name, name_prefix))
      AND starts_with(patient.match_given_name, given_prefix)
    ORDER BY patient.match_birth_name, patient.match_given_name LIMIT least(most, 50)
$$;

-- Candidates for the same person: the INS, else the same strict traits, else close ones (one trait apart).
CREATE FUNCTION match_patients(
    asked_ins text, asked_name text, asked_given text, asked_birth date, asked_sex text, most integer)
RETURNS TABLE (patient_id uuid, rank integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT found.id, min(found.rank)::integer FROM (
        SELECT id, 1 AS rank FROM patients_patient WHERE asked_ins <> '' AND ins = asked_ins AND merged_into_id IS NULL
        UNION ALL
        SELECT id, 2 FROM patients_patient
        WHERE birth_date = asked_birth AND match_birth_name = asked_name AND match_given_name = asked_given
          AND sex = asked_sex AND merged_into_id IS NULL
        UNION ALL
        SELECT id, 3 FROM patients_patient
        WHERE birth_date = asked_birth AND merged_into_id IS NULL
          AND ((match_birth_name = asked_name OR match_used_name = asked_name OR match_given_name = asked_given)
               AND (similarity(match_birth_name, asked_name) > 0.4 OR match_used_name = asked_name)
               AND similarity(match_given_name, asked_given) > 0.4)
        UNION ALL
        SELECT id, 4 FROM patients_patient
        WHERE match_birth_name = asked_name AND match_given_name = asked_given AND merged_into_id IS NULL
          AND birth_date <> asked_birth
          AND (extract(year FROM birth_date) = extract(year FROM asked_birth)
               OR to_char(birth_date, 'MMDD') = to_char(asked_birth, 'MMDD'))
    ) AS found
    WHERE app_kind() IN ('professional', 'gateway', 'job')
    GROUP BY found.id ORDER BY 2, 1 LIMIT least(most, 50)
$$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'open_record(uuid)', 'found_record(uuid)', 'open_emergency_access(uuid, uuid, text)',
        'record_readers(uuid, uuid[], uuid[])', 'patient_behind(uuid)', 'search_patients(date, text, text, integer)',
        'match_patients(text, text, text, date, text, integer)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0001_initial"), ("patients", "0002_matching"), ("kernel", "0002_trail_and_outbox")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (PROTECT, CIRCLE, PROTECTED, FUNCTIONS, SEARCH, OWNERSHIP)
    ]
