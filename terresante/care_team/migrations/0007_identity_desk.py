"""What the identity desk may read and write, and the merge of two identities with its exact undoing.

Every table with a `patient_id` takes part, read from the catalogue: a new one is covered without a line here. What tells
the past of one identity stays with it (`merged_tables`). Rows move with what the merge changed of them written beside,
column by column, so that un-merging puts back that and nothing else.
"""

from django.db import migrations

POLICIES = """
SELECT protect_patient_table('patients_identitychange');
SELECT protect_patient_table('patients_insicall');
CREATE POLICY identity_desk ON patients_identitychange FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')));
CREATE POLICY identity_desk_adds ON patients_identitychange FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_has_duty('identity_officer')));
CREATE POLICY identity_desk ON patients_insicall FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')));
CREATE POLICY identity_desk_adds ON patients_insicall FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_has_duty('identity_officer')));
REVOKE UPDATE, DELETE ON patients_identitychange, patients_insicall FROM terresante_app;

-- A dead identity is changed by nobody: merging and un-merging go through their functions.
CREATE POLICY identity_desk_changes ON patients_patient FOR UPDATE TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')) AND merged_into_id IS NULL)
    WITH CHECK ((SELECT app_has_duty('identity_officer')) AND merged_into_id IS NULL);

ALTER TABLE patients_potentialduplicate ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients_potentialduplicate FORCE ROW LEVEL SECURITY;
CREATE POLICY desk ON patients_potentialduplicate FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer')));
REVOKE DELETE ON patients_potentialduplicate FROM terresante_app;

ALTER TABLE patients_identitymerge ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients_identitymerge FORCE ROW LEVEL SECURITY;
CREATE POLICY identity_desk ON patients_identitymerge FOR SELECT TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')));
REVOKE INSERT, UPDATE, DELETE ON patients_identitymerge FROM terresante_app;

ALTER TABLE patients_mergedrow ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients_mergedrow FORCE ROW LEVEL SECURITY;
REVOKE ALL ON patients_mergedrow FROM terresante_app;
"""

PARTS = """
-- The trail and the outbox say what happened, under the name it had; proofs, calls, pairs and merges are of one identity.
CREATE FUNCTION merged_tables() RETURNS TABLE (name text, has_record boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.relname::text, EXISTS (SELECT 1 FROM pg_attribute AS r WHERE r.attrelid = c.oid AND r.attname = 'record_id'
                                    AND NOT r.attisdropped)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'patient_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> ALL (ARRAY[
        'kernel_auditentry', 'kernel_outboxevent', 'patients_identitychange', 'patients_insicall',
        'patients_potentialduplicate', 'patients_identitymerge'])
    ORDER BY 1
$$;

-- What `one` says that `other` does not.
CREATE FUNCTION row_difference(one jsonb, other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(one) WHERE value IS DISTINCT FROM other -> key
$$;

-- Changes rows for a merge and writes beside what it changed. `wanted` and `which` are of this file alone; $1 and $2 in
-- them are the surviving and the dead identity, $3 and $4 their records. A row named `only` is changed alone.
CREATE FUNCTION change_for_merge(
    merge uuid, tbl text, wanted text, which text, surviving uuid, dead uuid, kept uuid, own uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format($q$
        WITH old AS (SELECT t.id, to_jsonb(t) AS image FROM %1$I AS t WHERE %3$s),
             new AS (UPDATE %1$I AS t SET %2$s FROM old WHERE t.id = old.id RETURNING t.id, to_jsonb(t) AS image)
        UPDATE patients_mergedrow AS noted
        SET before = row_difference(old.image, new.image) || noted.before,
            after = noted.after || row_difference(new.image, old.image)
        FROM old JOIN new USING (id)
        WHERE noted.merge_id = $5 AND noted.table_name = %1$L AND noted.row_id = old.id
        $q$, tbl, wanted, which) USING surviving, dead, kept, own, merge;
END $$;

-- Notes where the rows of one table stand, then moves those of the dead identity. One that the surviving identity
-- already has (a unique constraint says so) stays where it is.
CREATE FUNCTION move_for_merge(merge uuid, tbl text, has_record boolean, surviving uuid, dead uuid, kept uuid, own uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    wanted text := 'patient_id = $1';
    one uuid;
BEGIN
    IF has_record AND kept IS NOT NULL AND own IS NOT NULL THEN
        wanted := wanted || ', record_id = CASE WHEN t.record_id = $4 THEN $3 ELSE t.record_id END';
    END IF;
    BEGIN
        PERFORM change_for_merge(merge, tbl, wanted, 't.patient_id = $2', surviving, dead, kept, own);
    EXCEPTION WHEN unique_violation THEN
        FOR one IN EXECUTE format('SELECT id FROM %I WHERE patient_id = $1', tbl) USING dead LOOP
            BEGIN
                PERFORM change_for_merge(merge, tbl, wanted, format('t.id = %L', one), surviving, dead, kept, own);
            EXCEPTION WHEN unique_violation THEN NULL;
            END;
        END LOOP;
    END;
END $$;

CREATE FUNCTION note_for_merge(merge uuid, tbl text, surviving uuid, dead uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format($q$
        INSERT INTO patients_mergedrow (id, merge_id, table_name, row_id, is_of_dead, before, after)
        SELECT gen_random_uuid(), $1, %1$L, id, patient_id = $3, '{}', '{}' FROM %1$I WHERE patient_id IN ($2, $3)
        ON CONFLICT DO NOTHING $q$, tbl) USING merge, surviving, dead;
END $$;
"""

MERGE = """
-- 'done'; 'refused' (not the desk's, or one identity only), 'gone' (absent, or already merged).
CREATE FUNCTION merge_patients(merge uuid, surviving uuid, dead uuid, why text, who text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept uuid;
    own uuid;
    tbl record;
BEGIN
    IF NOT app_has_duty('identity_officer') OR surviving = dead THEN
        RETURN 'refused';
    END IF;
    PERFORM 1 FROM patients_patient WHERE id IN (surviving, dead) ORDER BY id FOR UPDATE;
    IF (SELECT count(*) FROM patients_patient WHERE id IN (surviving, dead) AND merged_into_id IS NULL) <> 2 THEN
        RETURN 'gone';
    END IF;
    INSERT INTO patients_identitymerge
        (id, patient_id, dead_id, reason, merged_at, merged_by_name, unmerged_by_name, unmerge_reason)
    VALUES (merge, surviving, dead, why, clock_timestamp(), who, '', '');
    SELECT id INTO kept FROM patients_carerecord WHERE patient_id = surviving;
    SELECT id INTO own FROM patients_carerecord WHERE patient_id = dead;
    FOR tbl IN SELECT * FROM merged_tables() LOOP
        PERFORM note_for_merge(merge, tbl.name, surviving, dead);
    END LOOP;
    -- A member of both circles keeps one open period, and there is one treating doctor.
    PERFORM change_for_merge(merge, 'care_team_careteamparticipant',
        'ended_at = greatest(now(), t.started_at), ended_reason = ''Fusion d’identités''',
        't.patient_id = $2 AND t.ended_at IS NULL AND EXISTS (SELECT 1 FROM care_team_careteamparticipant AS has
         WHERE has.patient_id = $1 AND has.member_id = t.member_id AND has.ended_at IS NULL)', surviving, dead, kept, own);
    PERFORM change_for_merge(merge, 'care_team_careteamparticipant', 'role = ''member''',
        't.patient_id = $2 AND t.ended_at IS NULL AND t.role IN (''attending'', ''referent'') AND EXISTS (
         SELECT 1 FROM care_team_careteamparticipant AS has
         WHERE has.patient_id = $1 AND has.role = t.role AND has.ended_at IS NULL)', surviving, dead, kept, own);
    PERFORM change_for_merge(merge, 'care_team_consent', 'withdrawn_at = now()',
        't.patient_id = $2 AND t.withdrawn_at IS NULL AND t.practitioner_id IS NULL AND EXISTS (
         SELECT 1 FROM care_team_consent AS has WHERE has.patient_id = $1 AND has.kind = t.kind
         AND has.withdrawn_at IS NULL AND has.practitioner_id IS NULL)', surviving, dead, kept, own);
    FOR tbl IN SELECT * FROM merged_tables() LOOP
        PERFORM move_for_merge(merge, tbl.name, tbl.has_record, surviving, dead, kept, own);
    END LOOP;
    -- An opposition said under either name closes the whole record.
    PERFORM change_for_merge(merge, 'care_team_careteamparticipant', 'suspended_at = now()',
        't.patient_id = $1 AND t.ended_at IS NULL AND t.suspended_at IS NULL AND EXISTS (
         SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = $1 AND said.kind = ''opposition_record''
         AND said.withdrawn_at IS NULL)', surviving, dead, kept, own);
    PERFORM change_for_merge(merge, 'care_team_emergencyaccess', 'expires_at = now()',
        't.patient_id = $1 AND t.expires_at > now() AND EXISTS (
         SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = $1 AND said.withdrawn_at IS NULL
         AND said.kind IN (''opposition_record'', ''opposition_emergency''))', surviving, dead, kept, own);
    UPDATE patients_patient SET merged_into_id = surviving WHERE id = dead;
    RETURN 'done';
END $$;
"""

SINCE = """
-- Rows written under a merged identity since its merge, and whose they are: 'dead' or 'surviving' when the row hangs on
-- another whose side is known or `said` (a movement on its stay, a stay on its local number, a fact on what it tells),
-- else NULL. `is_asked`: nothing it hangs on will answer, a person must.
CREATE FUNCTION sides_since_merge(asked uuid, said_dead uuid[], said_surviving uuid[])
RETURNS TABLE (table_name text, row_id uuid, side text, is_asked boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    here uuid;
    since text;
    edges text;
BEGIN
    SELECT patient_id INTO here FROM patients_identitymerge WHERE id = asked;
    SELECT string_agg(format('SELECT %1$L::text AS table_name, t.id FROM %1$I AS t WHERE t.patient_id = $1 AND NOT EXISTS (
        SELECT 1 FROM patients_mergedrow AS noted
        WHERE noted.merge_id = $2 AND noted.table_name = %1$L AND noted.row_id = t.id)', name), ' UNION ALL ')
    INTO since FROM merged_tables();
    SELECT string_agg(format('SELECT id AS child, %2$I AS parent FROM %1$I WHERE patient_id = $1', tbl, col), ' UNION ALL ')
    INTO edges FROM (
        SELECT t.name AS tbl, a.attname AS col
        FROM merged_tables() AS t
        JOIN pg_constraint AS k ON k.conrelid = format('%I', t.name)::regclass AND k.contype = 'f'
        JOIN merged_tables() AS up ON format('%I', up.name)::regclass = k.confrelid AND up.name <> 'patients_carerecord'
        JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        UNION
        SELECT t.name, a.attname FROM merged_tables() AS t
        JOIN pg_attribute AS a ON a.attrelid = format('%I', t.name)::regclass AND a.attname = 'object_id'
    ) AS found;
    RETURN QUERY EXECUTE format($q$
        WITH RECURSIVE since AS MATERIALIZED (%s), edge AS MATERIALIZED (%s),
        known AS (
            SELECT noted.row_id AS id, CASE WHEN noted.is_of_dead THEN 'dead' ELSE 'surviving' END AS side
            FROM patients_mergedrow AS noted WHERE noted.merge_id = $2
            UNION SELECT unnest($3), 'dead' UNION SELECT unnest($4), 'surviving'
            -- Marks of readers and what became of messages follow the identity that goes on.
            UNION SELECT since.id, 'surviving' FROM since WHERE since.table_name IN (
                'feed_readcursor', 'feed_readexception', 'interop_inboundmessage', 'interop_identitydecision')),
        told AS (
            SELECT id, side FROM known
            UNION
            SELECT edge.child, told.side FROM told JOIN edge ON edge.parent = told.id JOIN since ON since.id = edge.child)
        SELECT since.table_name, since.id, min(told.side),
               min(told.side) IS NULL AND NOT EXISTS (
                   SELECT 1 FROM edge JOIN since AS above ON above.id = edge.parent WHERE edge.child = since.id)
        FROM since LEFT JOIN told ON told.id = since.id GROUP BY since.table_name, since.id
        $q$, since, edges) USING here, asked, said_dead, said_surviving;
END $$;

-- What a person must give to one or the other before un-merging: its kind, when and by whom it was written.
CREATE FUNCTION rows_since_merge(asked uuid)
RETURNS TABLE (table_name text, row_id uuid, at timestamptz, by_name text, organization_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT since.table_name, since.row_id, trail.at, coalesce(trail.actor_name, ''), coalesce(trail.organization_name, '')
    FROM sides_since_merge(asked, '{}', '{}') AS since
    JOIN patients_identitymerge AS merge ON merge.id = asked
    LEFT JOIN LATERAL (
        SELECT entry.at, entry.actor_name, entry.organization_name FROM kernel_auditentry AS entry
        WHERE entry.patient_id = merge.patient_id AND entry.object_id = since.row_id AND entry.at >= merge.merged_at
        ORDER BY entry.at LIMIT 1) AS trail ON true
    WHERE app_has_duty('identity_officer') AND since.is_asked
    ORDER BY trail.at, since.row_id
$$;
"""

UNMERGE = """
-- Puts back, of one row, the columns that still say what the merge made them say.
CREATE FUNCTION restore_after_merge(tbl text, which uuid, before jsonb, after jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE wanted text;
BEGIN
    SELECT string_agg(format(
        '%1$I = CASE WHEN to_jsonb(t) -> %1$L = $3 -> %1$L THEN was.%1$I ELSE t.%1$I END', a.attname), ', ')
    INTO wanted FROM pg_attribute AS a
    WHERE a.attrelid = format('%I', tbl)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND before ? a.attname;
    IF wanted IS NOT NULL THEN
        EXECUTE format('UPDATE %1$I AS t SET %2$s FROM jsonb_populate_record(NULL::%1$I, $2) AS was WHERE t.id = $1',
                       tbl, wanted) USING which, before, after;
    END IF;
END $$;

-- 'done'; 'refused', 'gone', 'later' (another merge of one of them came after), 'undecided' (a row written since has no
-- owner yet), 'no_record' (one was given to an identity without record), 'collides' (it already has such a row).
CREATE FUNCTION unmerge_patients(asked uuid, to_dead uuid[], to_surviving uuid[], why text, who text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    merge patients_identitymerge;
    one record;
    moved text[] := '{}';
    keys uuid[] := '{}';
    kept uuid;
    own uuid;
BEGIN
    IF NOT app_has_duty('identity_officer') THEN
        RETURN 'refused';
    END IF;
    SELECT * INTO merge FROM patients_identitymerge WHERE id = asked AND unmerged_at IS NULL FOR UPDATE;
    IF merge.id IS NULL THEN
        RETURN 'gone';
    END IF;
    PERFORM 1 FROM patients_patient WHERE id IN (merge.patient_id, merge.dead_id) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT 1 FROM patients_identitymerge AS other
               WHERE other.unmerged_at IS NULL AND other.merged_at > merge.merged_at
                 AND (other.patient_id IN (merge.patient_id, merge.dead_id)
                      OR other.dead_id IN (merge.patient_id, merge.dead_id))) THEN
        RETURN 'later';
    END IF;
    FOR one IN SELECT * FROM sides_since_merge(asked, to_dead, to_surviving) LOOP
        IF one.side IS NULL THEN
            RETURN 'undecided';
        ELSIF one.side = 'dead' THEN
            moved := moved || one.table_name;
            keys := keys || one.row_id;
        END IF;
    END LOOP;
    -- Circles first: a role given back must not meet the one it was given up for.
    FOR one IN SELECT * FROM patients_mergedrow WHERE merge_id = asked AND before <> '{}'
               ORDER BY is_of_dead DESC LOOP
        PERFORM restore_after_merge(one.table_name, one.row_id, one.before, one.after);
    END LOOP;
    UPDATE patients_patient SET merged_into_id = NULL WHERE id = merge.dead_id;
    SELECT id INTO kept FROM patients_carerecord WHERE patient_id = merge.patient_id;
    SELECT id INTO own FROM patients_carerecord WHERE patient_id = merge.dead_id;
    FOR one IN SELECT given.tbl, given.id, t.has_record
               FROM unnest(moved, keys) AS given (tbl, id) JOIN merged_tables() AS t ON t.name = given.tbl LOOP
        IF one.has_record AND own IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TS001';
        ELSIF one.has_record THEN
            EXECUTE format('UPDATE %I SET patient_id = $1, record_id = $2 WHERE id = $3', one.tbl)
                USING merge.dead_id, own, one.id;
        ELSE
            EXECUTE format('UPDATE %I SET patient_id = $1 WHERE id = $2', one.tbl) USING merge.dead_id, one.id;
        END IF;
    END LOOP;
    UPDATE patients_identitymerge SET unmerged_at = clock_timestamp(), unmerged_by_name = who, unmerge_reason = why
    WHERE id = asked;
    RETURN 'done';
EXCEPTION
    WHEN unique_violation THEN RETURN 'collides';
    WHEN SQLSTATE 'TS001' THEN RETURN 'no_record';
END $$;
"""

REDIRECTS = """
-- The identity that goes on, however many merges led to it.
CREATE FUNCTION surviving_patient(asked uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH RECURSIVE way AS (
        SELECT id, merged_into_id FROM patients_patient WHERE id = asked
        UNION SELECT next.id, next.merged_into_id FROM patients_patient AS next JOIN way ON next.id = way.merged_into_id)
    SELECT id FROM way WHERE merged_into_id IS NULL
      AND (app_kind() = 'job' OR app_has_duty('identity_officer'))
$$;

-- Where a link to the record of a dead identity now leads, for who reaches the one that goes on; else nothing.
CREATE FUNCTION surviving_record(asked uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH RECURSIVE way AS (
        SELECT patient.id, patient.merged_into_id FROM patients_patient AS patient
        JOIN patients_carerecord AS old ON old.patient_id = patient.id
        WHERE old.id = asked AND patient.merged_into_id IS NOT NULL
        UNION SELECT next.id, next.merged_into_id FROM patients_patient AS next JOIN way ON next.id = way.merged_into_id)
    SELECT record.id FROM way JOIN patients_carerecord AS record ON record.patient_id = way.id
    WHERE way.merged_into_id IS NULL
      AND (way.id = app_person()
           OR EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
                      WHERE own.patient_id = way.id AND own.member_id IN (app_person(), app_organization())
                        AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now())
           OR EXISTS (SELECT 1 FROM care_team_emergencyaccess AS own
                      WHERE own.patient_id = way.id AND own.practitioner_id = app_person()
                        AND own.organization_id = app_organization() AND own.expires_at > now()))
$$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'merge_patients(uuid, uuid, uuid, text, text)', 'unmerge_patients(uuid, uuid[], uuid[], text, text)',
        'rows_since_merge(uuid)', 'surviving_patient(uuid)', 'surviving_record(uuid)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
    -- Parts of the above: nobody calls them by themselves.
    FOREACH listed IN ARRAY ARRAY[
        'change_for_merge(uuid, text, text, text, uuid, uuid, uuid, uuid)',
        'move_for_merge(uuid, text, boolean, uuid, uuid, uuid, uuid)', 'note_for_merge(uuid, text, uuid, uuid)',
        'sides_since_merge(uuid, uuid[], uuid[])', 'restore_after_merge(text, uuid, jsonb, jsonb)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0006_narrow_rights"), ("patients", "0003_identity_desk")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (POLICIES, PARTS, MERGE, SINCE, UNMERGE, REDIRECTS, OWNERSHIP)
    ]
