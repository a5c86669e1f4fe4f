"""Second wall of the choices: a consent that has an end, the SAMU's door, opposition before any record, kept records.

Policies and functions that others may have changed since are edited where they stand, so that what they say besides
stays; those of this file's subject are written whole.
"""

from django.db import migrations

EDITING = """
CREATE FUNCTION edit_function(which text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := pg_get_functiondef(which::regproc);
BEGIN
    IF strpos(was, old) = 0 THEN
        RAISE EXCEPTION '% says no longer: %', which, old;
    END IF;
    EXECUTE replace(was, old, new);
END $$;
"""

# A consent with an end: past it, the member is out for every policy and every function, at that instant.
EXPIRY = """
DO $$
DECLARE
    one record;
    until text := '(own.suspended_at IS NULL) AND ((own.expires_at IS NULL) OR (own.expires_at > now()))';
    listed text;
BEGIN
    FOR one IN SELECT tablename, policyname, qual, with_check FROM pg_policies
               WHERE coalesce(qual, '') || coalesce(with_check, '') LIKE '%(own.suspended_at IS NULL)%' LOOP
        EXECUTE format('ALTER POLICY %I ON %I', one.policyname, one.tablename)
            || coalesce(' USING (' || replace(one.qual, '(own.suspended_at IS NULL)', until) || ')', '')
            || coalesce(' WITH CHECK (' || replace(one.with_check, '(own.suspended_at IS NULL)', until) || ')', '');
    END LOOP;
    FOREACH listed IN ARRAY ARRAY['protect_patient_table', 'professional_basis', 'surviving_record'] LOOP
        PERFORM edit_function(listed, 'own.suspended_at IS NULL',
                              'own.suspended_at IS NULL AND (own.expires_at IS NULL OR own.expires_at > now())');
    END LOOP;
END $$;
"""

KEPT = """
-- Searches and candidates leave the person out in interop's migration 0011. Two identities made one would open the kept record to the circle of the other.
SELECT edit_function('merge_patients', 'INSERT INTO patients_identitymerge',
    'IF EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id IN (surviving, dead) AND kept_by_id IS NOT NULL) THEN
        RETURN ''kept'';
    END IF;
    INSERT INTO patients_identitymerge');
"""

URGENT = """
-- An opposition said under either name ends the accesses that it speaks of.
SELECT edit_function('merge_patients', $q$AND said.kind IN (''opposition_record'', ''opposition_emergency'')$q$,
    $q$AND said.kind IN (''opposition_record'',
             CASE t.kind WHEN ''samu'' THEN ''opposition_samu'' ELSE ''opposition_emergency'' END)$q$);

-- L1111-17 CSP: two doors, each with the opposition that closes it. 'opened', 'opposed', 'unshared', or NULL when there
-- is no record for the caller to know of. The clock is the database's.
CREATE FUNCTION open_urgent_access(door text, opposition text, access_id uuid, asked uuid, why text) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE shared boolean;
BEGIN
    SELECT is_shared INTO shared FROM patients_carerecord WHERE patient_id = asked AND NOT kept_from_me(asked);
    IF app_kind() <> 'professional' OR app_person() IS NULL OR app_organization() IS NULL OR shared IS NULL THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_consent WHERE patient_id = asked AND withdrawn_at IS NULL
               AND kind IN ('opposition_record', opposition)) THEN
        RETURN 'opposed';
    END IF;
    IF NOT shared THEN
        RETURN 'unshared';
    END IF;
    INSERT INTO care_team_emergencyaccess
        (id, patient_id, practitioner_id, organization_id, user_id, reason, opened_at, expires_at, kind)
    VALUES (access_id, asked, app_person(), app_organization(), app_user(), why, now(), now() + interval '4 hours', door);
    RETURN 'opened';
END $$;

CREATE OR REPLACE FUNCTION open_emergency_access(access_id uuid, asked uuid, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- A SAMU has its own door: the opposition that closes it is not gone round by this one.
    IF app_kind() <> 'professional' OR EXISTS (
        SELECT 1 FROM directory_organization WHERE id = app_organization() AND kind = 'samu') THEN
        RETURN NULL;
    END IF;
    RETURN open_urgent_access('break_glass', 'opposition_emergency', access_id, asked, why);
END $$;

-- The regulator of a SAMU, for a call: NULL for who does not act for one.
CREATE FUNCTION open_samu_access(access_id uuid, asked uuid, why text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT open_urgent_access('samu', 'opposition_samu', access_id, asked, why)
    WHERE EXISTS (SELECT 1 FROM directory_organization WHERE id = app_organization() AND kind = 'samu' AND active)
      AND NOT app_has_duty('support_agent')
$$;
"""

OPPOSITION = """
-- An opposition said before there is any record: nothing founds one until the person takes it back.
SELECT edit_function('found_record',
    'AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked)',
    'AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked)
        AND NOT EXISTS (SELECT 1 FROM care_team_consent WHERE patient_id = asked AND kind = ''opposition_record''
                        AND withdrawn_at IS NULL)');

-- Why a record is not founded: 'opposed', 'recorded', or NULL. The same strict traits under another key are the same
-- person (INTEROP.md 2): a second identity does not go round the first one's opposition.
CREATE FUNCTION why_not_founded(asked uuid, asked_name text, asked_given text, asked_birth date, asked_sex text,
                                asked_place text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE
        WHEN EXISTS (
            SELECT 1 FROM patients_patient AS same
            JOIN care_team_consent AS said ON said.patient_id = same.id AND said.kind = 'opposition_record'
                 AND said.withdrawn_at IS NULL
            WHERE same.merged_into_id IS NULL
              AND (same.id = asked OR same.birth_date = asked_birth AND same.match_birth_name = asked_name
                   AND same.match_given_name = asked_given AND same.sex = asked_sex
                   AND same.birth_place_code = asked_place)
              AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = same.id)) THEN 'opposed'
        WHEN EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked AND NOT kept_from_me(asked)) THEN 'recorded'
    END
    WHERE app_kind() = 'professional'
$$;

-- 'done'; 'already', or NULL when there is no such identity without a record.
CREATE FUNCTION oppose_creation(choice_id uuid, asked uuid, said timestamptz, how text, support text, who text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() <> 'professional' OR app_person() IS NULL OR app_organization() IS NULL OR NOT EXISTS (
        SELECT 1 FROM patients_patient WHERE id = asked AND merged_into_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO care_team_consent (id, patient_id, kind, given_at, recorded_by_name, proof, support)
    VALUES (choice_id, asked, 'opposition_record', least(said, now()), who, how, support)
    ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'done' ELSE 'already' END;
END $$;

-- The key of the choice taken back, by who is told of it; nothing for who has a record: he lifts it in his own space.
CREATE FUNCTION withdraw_creation_opposition(asked uuid, how text, who text) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE care_team_consent SET withdrawn_at = now(), withdrawn_by_name = who, withdrawal_proof = how
    WHERE patient_id = asked AND kind = 'opposition_record' AND withdrawn_at IS NULL
      AND app_kind() = 'professional' AND app_person() IS NOT NULL AND app_organization() IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM patients_carerecord WHERE patient_id = asked)
    RETURNING id
$$;
"""

# `class` '': the whole record. A member by consent is told of what was consented to, and of nothing else.
READERS = """
DROP FUNCTION record_readers(uuid, uuid[], uuid[]);
CREATE FUNCTION record_readers(asked uuid, persons uuid[], organizations uuid[], class text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH member AS (
        SELECT member_id FROM care_team_careteamparticipant
        WHERE patient_id = asked AND member_id = ANY (persons || organizations)
          AND ended_at IS NULL AND suspended_at IS NULL AND started_at <= now()
          AND (expires_at IS NULL OR expires_at > now()) AND (class = '' OR scope IS NULL OR class = ANY (scope))
    )
    SELECT number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, organization, number)
    WHERE app_kind() = 'job'
      AND (person = asked OR person IN (SELECT member_id FROM member)
           OR organization IN (SELECT member_id FROM member)
           OR (person, organization) IN (
                SELECT practitioner_id, organization_id FROM care_team_emergencyaccess
                WHERE patient_id = asked AND practitioner_id = ANY (persons) AND expires_at > now()))
$$;
"""

# Legal regime of 2019: no circle grows without a consent in force; the screen asks it first (`regime.py`).
REGIME = """
-- Of the record that the caller writes in; a policy that read the choices would read the circle to do so.
CREATE FUNCTION circle_may_grow() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT app_switch('legal_regime', 'information') <> 'consent' OR EXISTS (
        SELECT 1 FROM care_team_consent AS said WHERE said.patient_id = app_write_record()
        AND said.kind IN ('consent_record', 'consent_sharing') AND said.withdrawn_at IS NULL)
$$;
CREATE POLICY consented ON care_team_careteamparticipant AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK ((SELECT circle_may_grow()));
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'open_samu_access(uuid, uuid, text)', 'why_not_founded(uuid, text, text, date, text, text)',
        'oppose_creation(uuid, uuid, timestamptz, text, text, text)',
        'withdraw_creation_opposition(uuid, text, text)', 'circle_may_grow()', 'record_readers(uuid, uuid[], uuid[], text)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
    -- A part of the two doors: nobody calls it by itself.
    REVOKE ALL ON FUNCTION open_urgent_access(text, text, uuid, uuid, text) FROM PUBLIC, terresante_app;
    GRANT EXECUTE ON FUNCTION open_urgent_access(text, text, uuid, uuid, text) TO terresante_definer;
    DROP FUNCTION edit_function(text, text, text);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care_team", "0011_choices"),
        ("patients", "0010_kept_records"),
        ("kernel", "0008_switch_of_policies"),
        ("directory", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (EDITING, EXPIRY, KEPT, URGENT, OPPOSITION, READERS, REGIME, OWNERSHIP)
    ]
