"""What a dead identity still leads to: searches, matricules, emergencies, the access log, and rows that came too late.

Here, above every app whose functions are read: a search by the former name finds who goes on.
"""

from django.db import migrations

PARTS = """
-- The identity that goes on, however many merges led to it; itself otherwise. A part of the functions below.
CREATE FUNCTION goes_on(asked uuid) RETURNS uuid
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH RECURSIVE way AS (
        SELECT id, merged_into_id FROM patients_patient WHERE id = asked
        UNION SELECT next.id, next.merged_into_id FROM patients_patient AS next JOIN way ON next.id = way.merged_into_id)
    SELECT id FROM way WHERE merged_into_id IS NULL
$$;

-- The open record's identity and those merged into it: what its access log is of. Says nothing but of the open record.
CREATE FUNCTION identities_of_record() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH RECURSIVE under AS (
        SELECT app_open_record() AS id
        UNION SELECT dead.id FROM patients_patient AS dead JOIN under ON dead.merged_into_id = under.id)
    SELECT coalesce(array_agg(id), '{}') FROM under WHERE id IS NOT NULL
$$;
ALTER POLICY own_record ON kernel_auditentry
    USING ((SELECT app_open_record()) IS NOT NULL AND patient_id = ANY ((SELECT identities_of_record())::uuid[]));

-- Where the page of a dead identity leads, for who reaches the one that goes on; else nothing.
CREATE FUNCTION surviving_identity(asked uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT way.id FROM goes_on(asked) AS way (id)
    WHERE way.id <> asked
      AND (app_has_duty('identity_officer') OR way.id = app_person()
           OR EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                      WHERE own.patient_id = way.id AND own.member_id IN (app_person(), app_organization())
                        AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()))
$$;
"""

SWEEP = """
-- Rows written under a dead identity by whoever had read before its merge and committed after it: they follow, noted as
-- the dead one's, so that un-merging gives them back. What collides with what the surviving identity has stays behind.
CREATE FUNCTION sweep_merges() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    tbl record;
    stray record;
    found integer;
    swept integer := 0;
    kept uuid;
    own uuid;
BEGIN
    IF app_kind() <> 'job' THEN
        RETURN 0;
    END IF;
    FOR tbl IN SELECT * FROM merged_tables() LOOP
        FOR stray IN EXECUTE format($q$
            SELECT DISTINCT merge.id, merge.patient_id AS surviving, merge.dead_id AS dead, merge.merged_at
            FROM patients_identitymerge AS merge JOIN %1$I AS t ON t.patient_id = merge.dead_id
            WHERE merge.unmerged_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM patients_mergedrow AS noted
                WHERE noted.merge_id = merge.id AND noted.table_name = %1$L AND noted.row_id = t.id)
            ORDER BY merge.merged_at $q$, tbl.name) LOOP
            PERFORM 1 FROM patients_patient WHERE id IN (stray.surviving, stray.dead) ORDER BY id FOR UPDATE;
            CONTINUE WHEN NOT EXISTS (
                SELECT 1 FROM patients_identitymerge WHERE id = stray.id AND unmerged_at IS NULL);
            SELECT id INTO kept FROM patients_carerecord WHERE patient_id = stray.surviving;
            SELECT id INTO own FROM patients_carerecord WHERE patient_id = stray.dead;
            EXECUTE format($q$
                INSERT INTO patients_mergedrow (id, merge_id, table_name, row_id, is_of_dead, before, after)
                SELECT gen_random_uuid(), $1, %1$L, id, true, '{}', '{}' FROM %1$I WHERE patient_id = $2
                ON CONFLICT DO NOTHING $q$, tbl.name) USING stray.id, stray.dead;
            GET DIAGNOSTICS found = ROW_COUNT;
            PERFORM move_for_merge(
                stray.id, tbl.name, tbl.has_record, stray.surviving, stray.dead, kept, own);
            -- As in merge_patients: an opposition said under either name closes the whole record.
            PERFORM change_for_merge(stray.id, 'care_team_careteamparticipant', 'suspended_at = now()',
                't.patient_id = $1 AND t.ended_at IS NULL AND t.suspended_at IS NULL AND EXISTS (
                 SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = $1
                 AND said.kind = ''opposition_record'' AND said.withdrawn_at IS NULL)',
                stray.surviving, stray.dead, kept, own);
            PERFORM change_for_merge(stray.id, 'care_team_emergencyaccess', 'expires_at = now()',
                't.patient_id = $1 AND t.expires_at > now() AND EXISTS (
                 SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = $1 AND said.withdrawn_at IS NULL
                 AND said.kind IN (''opposition_record'', ''opposition_emergency''))',
                stray.surviving, stray.dead, kept, own);
            swept := swept + found;
        END LOOP;
    END LOOP;
    RETURN swept;
END $$;
"""

REDIRECTS = """
-- By any name or matricule the person ever had here: the row is who goes on.
CREATE OR REPLACE FUNCTION search_patients(born date, name_prefix text, given_prefix text, most integer)
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
    FROM (SELECT DISTINCT CASE WHEN named.merged_into_id IS NULL THEN named.id ELSE goes_on(named.id) END AS id
          FROM patients_patient AS named
          WHERE named.birth_date = born
            AND (starts_with(named.match_birth_name, name_prefix) OR starts_with(named.match_used_name, name_prefix))
            AND starts_with(named.match_given_name, given_prefix)) AS hit
    JOIN patients_patient AS patient ON patient.id = hit.id
    LEFT JOIN patients_carerecord AS record ON record.patient_id = patient.id
    WHERE app_kind() = 'professional' AND length(name_prefix) >= 2 AND length(given_prefix) >= 2
    ORDER BY patient.match_birth_name, patient.match_given_name LIMIT least(most, 50)
$$;

-- Of a dead identity, that of who goes on: the page of an emergency leads there.
DROP FUNCTION emergency_identity(uuid);
CREATE FUNCTION emergency_identity(asked uuid)
RETURNS TABLE (patient_id uuid, record_id uuid, birth_name text, used_name text, given_name text, birth_date date,
               sex text, birth_place_name text, identity_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient.id, record.id, patient.birth_name, patient.used_name,
           coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name),
           patient.birth_date, patient.sex, patient.birth_place_name, patient.identity_status
    FROM patients_patient AS patient JOIN patients_carerecord AS record ON record.patient_id = patient.id
    WHERE app_kind() = 'professional' AND patient.id = goes_on(asked)
$$;

CREATE OR REPLACE FUNCTION match_patients(
    asked_ins text, asked_name text, asked_given text, asked_birth date, asked_sex text, most integer)
RETURNS TABLE (patient_id uuid, rank integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT found.id, min(found.rank)::integer FROM (
        SELECT id, 1 AS rank FROM patients_patient WHERE asked_ins <> '' AND ins = asked_ins AND merged_into_id IS NULL
        UNION ALL
        SELECT goes_on(id), 1 FROM patients_patient
        WHERE asked_ins <> '' AND ins = asked_ins AND merged_into_id IS NOT NULL
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

# INSi is asked again about an identity it returned years ago (INTEROP.md 2), the longest unasked first; those whose
# last try found the teleservice down come again at the next run.
REVERIFICATION = """
CREATE FUNCTION identities_to_verify(before timestamptz, most integer) RETURNS TABLE (patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient.id
    FROM patients_patient AS patient
    CROSS JOIN LATERAL (
        SELECT max(said.at) AS at FROM (
            SELECT call.at FROM patients_insicall AS call
            WHERE call.patient_id = patient.id AND call.answer IN ('00', 'OK')
            UNION ALL
            SELECT change.at FROM patients_identitychange AS change
            WHERE change.patient_id = patient.id AND change.kind IN ('retrieved', 'verified')) AS said) AS last
    WHERE app_kind() = 'job' AND patient.identity_status = 'QUAL' AND patient.ins <> ''
      AND patient.merged_into_id IS NULL AND patient.created_at < before
      AND coalesce(last.at, patient.created_at) < before
    ORDER BY coalesce(last.at, patient.created_at), patient.id LIMIT least(most, 1000)
$$;

CREATE INDEX patient_qualified ON patients_patient (created_at) WHERE identity_status = 'QUAL' AND merged_into_id IS NULL;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'identities_of_record()', 'surviving_identity(uuid)', 'sweep_merges()', 'emergency_identity(uuid)',
        'identities_to_verify(timestamptz, integer)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
    REVOKE ALL ON FUNCTION goes_on(uuid) FROM PUBLIC, terresante_app;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interop", "0004_linked_together"),
        ("care_team", "0010_professional_basis"),
        ("patients", "0004_likeness"),
        ("kernel", "0006_queued_once"),
    ]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (PARTS, SWEEP, REDIRECTS, REVERIFICATION, OWNERSHIP)
    ]
