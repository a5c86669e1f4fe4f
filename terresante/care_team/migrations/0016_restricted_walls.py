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
            WHERE own.patient_id = asked AND own.member_id IN (person, organization)
              AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now())
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

PROTECT = """
-- Who reads the rows of a patient: the measured shape (STACK.md 4), said once for new tables and for those that exist.
CREATE FUNCTION patient_reads(protected regclass, key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $body$
    SELECT format($q$%2$I = (SELECT app_open_record()) OR %2$I = (SELECT app_person()) OR EXISTS (
        SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = %1$s.%2$I
          AND own.member_id IN ((SELECT app_person()), (SELECT app_organization()))
          AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
        OFFSET 0) OR EXISTS (
        SELECT 1 FROM care_team_emergencyaccess AS own
        WHERE own.patient_id = %1$s.%2$I AND own.practitioner_id = (SELECT app_person())
          AND own.organization_id = (SELECT app_organization()) AND own.expires_at > now()
        OFFSET 0) OR EXISTS (
        SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = %1$s.%2$I AND own.practitioner_id = (SELECT app_person())
          AND own.reads_until > now() AND own.suspended_at IS NULL
        OFFSET 0)$q$, protected, key)
$body$;

CREATE OR REPLACE FUNCTION protect_patient_table(protected regclass, key text DEFAULT 'patient_id') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $body$
DECLARE
    writes text := format($q$%2$I = (SELECT app_write_record()) OR EXISTS (
        SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = %1$s.%2$I
          AND own.member_id IN ((SELECT app_person()), (SELECT app_organization()))
          AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
        OFFSET 0)$q$, protected, key);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY reads ON %s FOR SELECT TO terresante_app USING (%s)', protected,
                   patient_reads(protected, key));
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
    PERFORM protect_limits(protected);
END $body$;
REVOKE ALL ON FUNCTION protect_patient_table(regclass, text), protect_limits(regclass), patient_reads(regclass, text)
    FROM PUBLIC, terresante_app;

DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT tablename FROM pg_policies
               WHERE policyname = 'reads' AND qual LIKE '%care_team_careteamparticipant%'
                 AND qual LIKE '%care_team_emergencyaccess%' LOOP
        EXECUTE format('ALTER POLICY reads ON %I USING (%s)', one.tablename, patient_reads(
            one.tablename::regclass, CASE one.tablename WHEN 'patients_patient' THEN 'id' ELSE 'patient_id' END));
    END LOOP;
END $$;
"""

CIRCLE = """
-- Being in the circle of one's own, of one's structure, or having brought the member: no secret.
CREATE POLICY restricted ON care_team_careteamparticipant AS RESTRICTIVE FOR SELECT TO terresante_app USING (
    sector = '' OR member_id IN ((SELECT app_person()), (SELECT app_organization()))
    OR added_by_id = (SELECT app_person()) OR knows_restricted(patient_id, sector, restricted_to_id));

ALTER TABLE care_team_namedreader ENABLE ROW LEVEL SECURITY;
ALTER TABLE care_team_namedreader FORCE ROW LEVEL SECURITY;
CREATE POLICY reads ON care_team_namedreader FOR SELECT TO terresante_app USING (
    patient_id = (SELECT app_person())
    OR (SELECT app_kind()) = 'professional' AND member_id IN ((SELECT app_person()), (SELECT app_organization()))
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
DECLARE kept record;
BEGIN
    SELECT sector, restricted_to_id INTO kept FROM care_team_careteamparticipant
    WHERE patient_id = NEW.patient_id AND sector <> '' AND member_id IN (NEW.person_id, NEW.organization_id) LIMIT 1;
    IF NOT FOUND THEN
        SELECT organization_sector(kind, is_psychiatric) AS sector, id AS restricted_to_id INTO kept
        FROM directory_organization
        WHERE id = NEW.organization_id AND organization_sector(kind, is_psychiatric) <> '';
    END IF;
    IF FOUND THEN
        NEW.detail := NEW.detail || jsonb_strip_nulls(
            jsonb_build_object('sector', kept.sector, 'restricted_to', kept.restricted_to_id));
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
CREATE OR REPLACE FUNCTION professional_basis(asked uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT CASE WHEN own.practitioner_id IS NULL THEN 'structure' ELSE 'member' END
         FROM care_team_careteamparticipant AS own
         WHERE own.patient_id = asked AND own.member_id IN (app_person(), app_organization())
           AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
         ORDER BY own.practitioner_id NULLS LAST LIMIT 1),
        (SELECT 'former' FROM care_team_careteamparticipant AS own
         WHERE own.patient_id = asked AND own.practitioner_id = app_person() AND own.suspended_at IS NULL
           AND own.reads_until > now() LIMIT 1),
        (SELECT 'break_glass' FROM care_team_emergencyaccess AS own
         WHERE own.patient_id = asked AND own.practitioner_id = app_person()
           AND own.organization_id = app_organization() AND own.expires_at > now() LIMIT 1))
    WHERE app_kind() = 'professional'
$$;

-- `open_record` as it stands, whatever its other bases have become: a former member opens for reading only.
DO $$
DECLARE
    was text := pg_get_functiondef('open_record(uuid)'::regprocedure);
    reading_only text := $q$'break_glass', 'patient'$q$;
BEGIN
    IF position(reading_only IN was) = 0 THEN
        RAISE EXCEPTION 'open_record no longer says which bases only read: say that ''former'' does';
    END IF;
    EXECUTE replace(was, reading_only, $q$'break_glass', 'former', 'patient'$q$);
END $$;

CREATE OR REPLACE FUNCTION record_readers(asked uuid, persons uuid[], organizations uuid[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH member AS (
        SELECT member_id FROM care_team_careteamparticipant
        WHERE patient_id = asked AND member_id = ANY (persons || organizations)
          AND ended_at IS NULL AND suspended_at IS NULL AND started_at <= now()
    )
    SELECT number FROM unnest(persons, organizations) WITH ORDINALITY AS connected (person, organization, number)
    WHERE app_kind() = 'job'
      AND (person = asked OR person IN (SELECT member_id FROM member)
           OR organization IN (SELECT member_id FROM member)
           OR person IN (SELECT practitioner_id FROM care_team_careteamparticipant
                         WHERE patient_id = asked AND practitioner_id = ANY (persons) AND reads_until > now()
                           AND suspended_at IS NULL)
           OR (person, organization) IN (
                SELECT practitioner_id, organization_id FROM care_team_emergencyaccess
                WHERE patient_id = asked AND practitioner_id = ANY (persons) AND expires_at > now()))
$$;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'knows_restricted(uuid, text, uuid)', 'restricted_readers(uuid, text, uuid, uuid[], uuid[])',
        'restrict_trail()', 'oppose_circle()'
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
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0015_restricted")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (SECTORS, KNOWS, LIMITS, PROTECT, CIRCLE, TRAIL, OPPOSITION, BASES, OWNERSHIP)
    ]
