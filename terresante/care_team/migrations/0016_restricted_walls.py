"""What is private to a person, and what a sector keeps restricted, existence included (L1110-4 CSP, DOMAIN.md 2.1).

`protect_limits` holds the limits of a row, `knows_restricted` says who may know of a restricted one; the measured shape
of the other policies gains one arm, of who handed a patient over and still reads for some days.
"""

from django.db import migrations

SECTORS = """
CREATE FUNCTION practitioner_sector(profession text, specialty_label text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN profession = '69' OR specialty_label ~* 'psychiatr' THEN 'psychiatry'
                WHEN specialty_label ~* 'addict|alcoolo' THEN 'addictology' ELSE '' END
$$;
CREATE FUNCTION organization_sector(kind text, is_psychiatric boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN is_psychiatric OR kind = 'cmp' THEN 'psychiatry'
                WHEN kind IN ('csapa', 'caarud') THEN 'addictology' ELSE '' END
$$;
"""

KNOWS = """
-- Whether somebody, acting for a structure, may know what a sector keeps restricted about a patient: its own structure;
-- those of the circle who share the sector, or were named; the patient. An emergency is not the circle.
CREATE FUNCTION restricted_is_known(asked uuid, kept text, structure uuid, person uuid, organization uuid)
RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT kept = '' OR coalesce(person = asked, false) OR coalesce(structure = organization, false)
        OR EXISTS (
            SELECT 1 FROM care_team_careteamparticipant AS own
            -- The membership of a structure is its professionals': its gateway, who is nobody, knows what is its own.
            WHERE person IS NOT NULL AND own.patient_id = asked AND own.member_id IN (person, organization)
              AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
              AND (own.expires_at IS NULL OR own.expires_at > now()))
        AND (EXISTS (SELECT 1 FROM directory_practitioner AS mine
                     WHERE mine.id = person AND practitioner_sector(mine.profession, mine.specialty_label) = kept)
             OR EXISTS (SELECT 1 FROM directory_organization AS here
                        WHERE here.id = organization AND organization_sector(here.kind, here.is_psychiatric) = kept)
             OR EXISTS (SELECT 1 FROM care_team_namedreader AS named
                        WHERE named.patient_id = asked AND named.sector = kept
                          AND named.member_id IN (person, organization) AND named.withdrawn_at IS NULL
                          AND (named.restricted_to_id IS NULL OR named.restricted_to_id = structure)))
$$;

-- The same of the caller; it says nothing of what exists.
CREATE FUNCTION knows_restricted(asked uuid, kept text, structure uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT app_kind() = 'job' OR restricted_is_known(asked, kept, structure, app_person(), app_organization())
$$;

-- Of those connected: numbers, from 1, of (person, structure acted for) pairs who may know. The live stream asks it.
CREATE FUNCTION restricted_readers(asked uuid, kept text, structure uuid, persons uuid[], organizations uuid[])
RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, organization, number)
    WHERE app_kind() = 'job' AND restricted_is_known(asked, kept, structure, person, organization)
$$;
"""

LIMITS = """
CREATE FUNCTION protect_limits(protected regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $body$
DECLARE
    has text[] := (SELECT array_agg(attname::text) FROM pg_attribute
                   WHERE attrelid = protected AND attnum > 0 AND NOT attisdropped);
BEGIN
    EXECUTE format('DROP POLICY IF EXISTS private_to_person ON %s', protected);
    EXECUTE format('DROP POLICY IF EXISTS restricted ON %s', protected);
    IF 'private_to_person_id' = ANY (has) THEN
        EXECUTE format($q$CREATE POLICY private_to_person ON %s AS RESTRICTIVE FOR ALL TO terresante_app
            USING (private_to_person_id IS NULL OR private_to_person_id = (SELECT app_person())
                   OR (SELECT app_kind()) = 'job')$q$, protected);
    END IF;
    -- Asked of the rows of a sector alone: nearly none.
    IF 'sector' = ANY (has) AND 'restricted_to_id' = ANY (has) THEN
        EXECUTE format($q$CREATE POLICY restricted ON %s AS RESTRICTIVE FOR ALL TO terresante_app
            USING (sector = '' OR knows_restricted(patient_id, sector, restricted_to_id))$q$, protected);
    END IF;
END $body$;
"""

PROTECT = r"""
-- Others may have changed what these say since: each is edited where it stands, never written again.
CREATE FUNCTION edit_function(which text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := pg_get_functiondef(which::regproc);
BEGIN
    IF strpos(was, old) = 0 THEN
        RAISE EXCEPTION '% says no longer: %', which, old;
    END IF;
    EXECUTE replace(was, old, new);
END $$;

-- Who handed this patient over still reads for some days.
CREATE FUNCTION reads_on(protected regclass, key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $body$
    SELECT format($q$EXISTS (
        SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = %1$s.%2$I AND own.practitioner_id = (SELECT app_person())
          AND own.reads_until > now() AND own.suspended_at IS NULL
        OFFSET 0)$q$, protected, key)
$body$;
REVOKE ALL ON FUNCTION protect_limits(regclass), reads_on(regclass, text) FROM PUBLIC, terresante_app;

SELECT edit_function('protect_patient_table', '%1$I = (SELECT app_person()) OR %2$s OR %3$s'',',
                     '%1$I = (SELECT app_person()) OR %2$s OR %3$s OR %4$s'',');
SELECT edit_function('protect_patient_table', 'key, member, emergency);',
                     'key, member, emergency, reads_on(protected, key));');
SELECT edit_function('protect_patient_table', 'IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = protected AND attname = ''private_to_id'')',
    'PERFORM protect_limits(protected);
    IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = protected AND attname = ''private_to_id'')');
DO $$
DECLARE
    one record;
    changed int := 0;
BEGIN
    FOR one IN SELECT tablename, qual FROM pg_policies
               WHERE policyname = 'reads' AND qual LIKE '%care_team_careteamparticipant%'
                 AND qual LIKE '%care_team_emergencyaccess%' LOOP
        EXECUTE format('ALTER POLICY reads ON %I USING (%s OR %s)', one.tablename, one.qual, reads_on(
            one.tablename::regclass, CASE one.tablename WHEN 'patients_patient' THEN 'id' ELSE 'patient_id' END));
        changed := changed + 1;
    END LOOP;
    IF changed = 0 THEN RAISE EXCEPTION 'no table is read through the circle'; END IF;
END $$;
"""

CIRCLE = """
-- Being in the circle of one's own, of one's structure, or having brought the member: no secret.
CREATE POLICY restricted ON care_team_careteamparticipant AS RESTRICTIVE FOR SELECT TO terresante_app USING (
    sector = '' OR member_id IN ((SELECT app_person()), (SELECT app_organization()), (SELECT app_principal()))
    OR added_by_id = (SELECT app_person()) OR knows_restricted(patient_id, sector, restricted_to_id));

ALTER TABLE care_team_namedreader ENABLE ROW LEVEL SECURITY;
ALTER TABLE care_team_namedreader FORCE ROW LEVEL SECURITY;
CREATE POLICY reads ON care_team_namedreader FOR SELECT TO terresante_app USING (
    patient_id = (SELECT app_person())
    OR (SELECT app_kind()) = 'professional'
        AND (member_id = (SELECT app_person()) OR member_id = (SELECT app_organization()))
    OR patient_id = (SELECT app_open_record()) AND knows_restricted(patient_id, sector, restricted_to_id));
-- The patient names for a whole sector; a professional of it, for what his structure does.
CREATE POLICY names ON care_team_namedreader FOR INSERT TO terresante_app WITH CHECK (
    (SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_person())
        AND is_named_by_patient AND restricted_to_id IS NULL
    OR (SELECT app_kind()) = 'professional' AND patient_id = (SELECT app_write_record())
        AND NOT is_named_by_patient AND restricted_to_id = (SELECT app_organization())
        AND (EXISTS (SELECT 1 FROM directory_practitioner AS mine WHERE mine.id = (SELECT app_person())
                     AND practitioner_sector(mine.profession, mine.specialty_label) = sector)
             OR EXISTS (SELECT 1 FROM directory_organization AS here WHERE here.id = (SELECT app_organization())
                        AND organization_sector(here.kind, here.is_psychiatric) = sector))
    OR (SELECT app_kind()) = 'job' AND patient_id = (SELECT app_write_record()));
CREATE POLICY withdraws ON care_team_namedreader FOR UPDATE TO terresante_app USING (
    (SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_person())
    OR patient_id = (SELECT app_write_record()) AND restricted_to_id = (SELECT app_organization())
        AND NOT is_named_by_patient);
REVOKE UPDATE, DELETE ON care_team_namedreader FROM terresante_app;
GRANT UPDATE (withdrawn_at, withdrawn_by_name) ON care_team_namedreader TO terresante_app;
"""

TRAIL = """
-- What a member kept restricted does, or somebody for a structure of a sector, is known to who may know of them: such
-- rows of the trail bear those limits from the moment they are written. An emergency is told to all who must know of it.
CREATE FUNCTION restrict_trail() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- Of one type whichever question answers: a plan is kept for the whole session.
    kept text;
    place uuid;
BEGIN
    SELECT sector, restricted_to_id INTO kept, place FROM care_team_careteamparticipant
    WHERE patient_id = NEW.patient_id AND sector <> '' AND member_id IN (NEW.person_id, NEW.organization_id, app_principal())
    LIMIT 1;
    IF NOT FOUND THEN
        SELECT organization_sector(kind, is_psychiatric), id INTO kept, place
        FROM directory_organization
        WHERE id = NEW.organization_id AND organization_sector(kind, is_psychiatric) <> '';
    END IF;
    IF FOUND THEN
        NEW.detail := NEW.detail || jsonb_strip_nulls(
            jsonb_build_object('sector', kept, 'restricted_to', place));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER restricted BEFORE INSERT ON kernel_auditentry FOR EACH ROW
    WHEN (NEW.actor_kind = 'professional' AND NEW.patient_id IS NOT NULL AND NEW.purpose <> 'break_glass')
    EXECUTE FUNCTION restrict_trail();
CREATE POLICY private_to_person ON kernel_auditentry AS RESTRICTIVE FOR SELECT TO terresante_app USING (
    NOT detail ? 'private_to_person' OR detail ->> 'private_to_person' = (SELECT app_person())::text
    OR user_id = (SELECT app_user()) OR (SELECT app_has_duty('privacy_officer')));
CREATE POLICY restricted ON kernel_auditentry AS RESTRICTIVE FOR SELECT TO terresante_app USING (
    NOT detail ? 'sector' OR user_id = (SELECT app_user()) OR (SELECT app_has_duty('privacy_officer'))
    OR knows_restricted(patient_id, detail ->> 'sector', (detail ->> 'restricted_to')::uuid));
"""

OPPOSITION = """
-- An opposition suspends every member, those too whom its writer does not know of, and whoever still reads.
CREATE FUNCTION oppose_circle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE care_team_careteamparticipant SET suspended_at = NEW.given_at
        WHERE patient_id = NEW.patient_id AND ended_at IS NULL AND suspended_at IS NULL;
    END IF;
    UPDATE care_team_careteamparticipant SET reads_until = now()
    WHERE patient_id = NEW.patient_id AND reads_until > now();
    RETURN NULL;
END $$;
CREATE TRIGGER closes AFTER INSERT OR UPDATE OF patient_id ON care_team_consent FOR EACH ROW
    WHEN (NEW.kind = 'opposition_record' AND NEW.withdrawn_at IS NULL) EXECUTE FUNCTION oppose_circle();
"""

BASES = """
SELECT edit_function('professional_basis', '(SELECT ''break_glass'' FROM', '(SELECT ''former'' FROM care_team_careteamparticipant AS own
         WHERE own.patient_id = asked AND own.practitioner_id = app_person() AND own.suspended_at IS NULL
           AND own.reads_until > now() LIMIT 1),
        (SELECT ''break_glass'' FROM');
-- A former member opens for reading only.
SELECT edit_function('open_record', '''break_glass'', ''patient''', '''break_glass'', ''former'', ''patient''');
SELECT edit_function('record_readers', 'OR organization IN (SELECT member_id FROM member)',
    'OR organization IN (SELECT member_id FROM member)
           OR person IN (SELECT practitioner_id FROM care_team_careteamparticipant
                         WHERE patient_id = asked AND practitioner_id = ANY (persons) AND reads_until > now()
                           AND suspended_at IS NULL)');

-- What keeps a person's presence restricted: his own sector, else that of every place he works in.
CREATE FUNCTION secret_of_person(asked uuid, OUT kept text, OUT place uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH said AS (
        SELECT practitioner_sector(mine.profession, mine.specialty_label) AS own,
               organization_sector(here.kind, here.is_psychiatric) AS sector, here.id AS structure
        FROM directory_practitioner AS mine
        LEFT JOIN directory_practitionerrole AS role ON role.practitioner_id = mine.id AND role.period_end IS NULL
        LEFT JOIN directory_organization AS here ON here.id = role.organization_id
        WHERE mine.id = asked
    ), found AS (
        SELECT coalesce(nullif(min(own), ''), CASE WHEN bool_and(sector <> '') THEN min(sector) END, '') AS sector
        FROM said
    )
    SELECT found.sector, CASE WHEN found.sector <> '' THEN (
        SELECT said.structure FROM said ORDER BY (said.sector = found.sector) DESC NULLS LAST, said.structure LIMIT 1) END
    FROM found
$$;
SELECT edit_function('patient_adds', 'added_by_name, ended_reason)
    VALUES (participant, mine, own.id, asked, ''member'', ''consent'', now(), who, '''');',
    'added_by_name, ended_reason, sector, restricted_to_id)
    SELECT participant, mine, own.id, asked, ''member'', ''consent'', now(), who, '''', secret.kept, secret.place
    FROM secret_of_person(asked) AS secret;');
DROP FUNCTION edit_function(text, text, text);
"""

# The patient is told of each first access, whoever came; nobody else is told of who is kept from view.
FIRSTS = """
SELECT protect_limits('care_team_firstaccess');
DO $$
DECLARE
    gathered text := pg_get_functiondef('gather_accesses'::regproc);
    addressed text := pg_get_functiondef('patient_addresses'::regproc);
    edits text[] := ARRAY[
        'OUT first_patients uuid[])',
        'OUT first_patients uuid[], OUT seen_sectors text[], OUT first_sectors text[], OUT first_places uuid[])',
        'first_patients := ''{}'';',
        'first_patients := ''{}''; seen_sectors := ''{}''; first_sectors := ''{}''; first_places := ''{}'';',
        'NOT entry.detail ? ''private_to''', 'NOT entry.detail ?| ARRAY[''private_to'', ''private_to_person'']',
        'SELECT DISTINCT entry.patient_id FROM kernel_auditentry AS entry',
        'SELECT entry.patient_id, CASE WHEN bool_and(entry.detail ? ''sector'')
                THEN min(entry.detail ->> ''sector'') ELSE '''' END AS sector
         FROM kernel_auditentry AS entry',
        'AND entry.action = ''access_log.read''))', 'AND entry.action = ''access_log.read'')
        GROUP BY entry.patient_id)',
        'SELECT coalesce(array_agg(patient_id), ''{}'') INTO seen FROM told',
        'SELECT coalesce(array_agg(patient_id), ''{}''), coalesce(array_agg(sector), ''{}'') INTO seen, seen_sectors
    FROM told',
        'entry.organization_name, entry.at', 'entry.organization_name, entry.at, entry.detail',
        '(id, patient_id, practitioner_id, organization_name, at)',
        '(id, patient_id, practitioner_id, organization_name, at, sector, restricted_to_id)',
        'person_id, organization_name, at FROM came', 'person_id, organization_name, at,
               coalesce(detail ->> ''sector'', ''''), (detail ->> ''restricted_to'')::uuid FROM came',
        'DO NOTHING RETURNING id, patient_id', 'DO NOTHING RETURNING id, patient_id, sector, restricted_to_id',
        'coalesce(array_agg(patient_id ORDER BY id), ''{}'')
    INTO firsts, first_patients FROM added;',
        'coalesce(array_agg(patient_id ORDER BY id), ''{}''), coalesce(array_agg(sector ORDER BY id), ''{}''),
           coalesce(array_agg(restricted_to_id ORDER BY id), ''{}'')
    INTO firsts, first_patients, first_sectors, first_places FROM added;'];
BEGIN
    FOR step IN 1 .. array_length(edits, 1) BY 2 LOOP
        IF strpos(gathered, edits[step]) = 0 THEN
            RAISE EXCEPTION 'gather_accesses says no longer: %', edits[step];
        END IF;
        gathered := replace(gathered, edits[step], edits[step + 1]);
    END LOOP;
    DROP FUNCTION gather_accesses(bigint);
    EXECUTE gathered;

    IF strpos(addressed, 'email text)') = 0 OR strpos(addressed, 'SELECT patient, id, email::text FROM') = 0
       OR strpos(addressed, 'identity.email::text FROM asked') = 0
       OR strpos(addressed, 'account.email::text FROM asked') = 0 THEN
        RAISE EXCEPTION 'patient_addresses is written otherwise';
    END IF;
    DROP FUNCTION patient_addresses(uuid[]);
    EXECUTE replace(replace(replace(replace(addressed,
        'email text)', 'email text, represents boolean)'),
        'SELECT patient, id, email::text FROM', 'SELECT patient, id, email::text, false FROM'),
        'identity.email::text FROM asked', 'identity.email::text, false FROM asked'),
        'account.email::text FROM asked', 'account.email::text, true FROM asked');
END $$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'knows_restricted(uuid, text, uuid)', 'restricted_readers(uuid, text, uuid, uuid[], uuid[])',
        'restrict_trail()', 'oppose_circle()', 'gather_accesses(bigint)', 'patient_addresses(uuid[])'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
-- Parts of the above: nobody calls them by themselves.
REVOKE ALL ON FUNCTION restrict_trail(), oppose_circle() FROM terresante_app;
ALTER FUNCTION restricted_is_known(uuid, text, uuid, uuid, uuid) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION restricted_is_known(uuid, text, uuid, uuid, uuid) FROM PUBLIC, terresante_app;
ALTER FUNCTION secret_of_person(uuid) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION secret_of_person(uuid) FROM PUBLIC, terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0015_restricted"), ("directory", "0006_principal")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (SECTORS, KNOWS, LIMITS, PROTECT, CIRCLE, TRAIL, OPPOSITION, BASES, FIRSTS, OWNERSHIP)
    ]
