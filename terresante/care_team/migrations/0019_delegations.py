"""Relatives who act in the name of a patient: their own basis, their own limit, and a way in that tells nothing."""

from django.db import migrations

# Days are those of Paris: a birthday and the end of a measure do not begin at two in the morning.
DAYS = """
CREATE FUNCTION app_today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT (statement_timestamp() AT TIME ZONE 'Europe/Paris')::date $$;

-- The eighteenth birthday stands on the row, so that no rule needs the identity to know that a parent's access ended.
CREATE FUNCTION keep_majority() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.majority_on := (SELECT (birth_date + interval '18 years')::date FROM patients_patient WHERE id = NEW.patient_id);
    RETURN NEW;
END $$;
CREATE TRIGGER keep_majority BEFORE INSERT OR UPDATE OF patient_id ON patients_delegation
    FOR EACH ROW EXECUTE FUNCTION keep_majority();

CREATE FUNCTION move_majority() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE patients_delegation SET majority_on = (NEW.birth_date + interval '18 years')::date WHERE patient_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER move_majority AFTER UPDATE OF birth_date ON patients_patient
    FOR EACH ROW WHEN (OLD.birth_date IS DISTINCT FROM NEW.birth_date) EXECUTE FUNCTION move_majority();
"""

IN_FORCE = """own.withdrawn_at IS NULL AND own.restricted_at IS NULL
      AND own.valid_from <= app_today() AND (own.valid_until IS NULL OR own.valid_until >= app_today())
      AND (own.basis <> 'parental' OR own.majority_on > app_today())"""

BASIS = f"""
-- On what ground a relative opens the record of one person: 'representative' (the law), 'carer' (the person), or nothing.
CREATE FUNCTION delegate_basis(asked uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN own.basis = 'carer' THEN 'carer' ELSE 'representative' END
    FROM patients_delegation AS own
    WHERE app_kind() = 'representative' AND own.patient_id = asked
      AND own.related_person_id = app_person() AND own.user_id = app_user()
      AND {IN_FORCE}
    ORDER BY own.basis = 'carer' LIMIT 1
$$;

-- Of whom the caller may decide in the name of the law: himself, or the person a representative is there for.
CREATE FUNCTION own_patient() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE app_kind()
        WHEN 'patient' THEN app_person()
        WHEN 'representative' THEN (
            SELECT own.patient_id FROM patients_delegation AS own
            WHERE own.related_person_id = app_person() AND own.user_id = app_user() AND own.basis <> 'carer'
              AND {IN_FORCE} LIMIT 1)
    END
$$;

CREATE OR REPLACE FUNCTION open_record(asked uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE basis text;
BEGIN
    basis := CASE app_kind()
        WHEN 'job' THEN 'job'
        WHEN 'patient' THEN CASE WHEN app_person() = asked THEN 'patient' END
        WHEN 'representative' THEN delegate_basis(asked)
        WHEN 'gateway' THEN (
            SELECT 'gateway' FROM patients_sourceidentity AS local
            JOIN patients_identitydomain AS domain ON domain.id = local.domain_id
            WHERE local.patient_id = asked AND domain.organization_id = app_organization() LIMIT 1)
        WHEN 'professional' THEN professional_basis(asked)
    END;
    PERFORM set_config('app.open_record', CASE WHEN basis IS NULL THEN '' ELSE asked::text END, true);
    PERFORM set_config('app.write_record',
        CASE WHEN basis IS NULL OR basis IN ('break_glass', 'patient', 'representative', 'carer') THEN ''
             ELSE asked::text END, true);
    RETURN basis;
END $$;
"""

DOORS = f"""
-- For whom an account acts besides itself: asked before any actor exists, as `patient_behind` is, or by that account.
CREATE FUNCTION delegations_behind(account uuid) RETURNS TABLE (
    related_person_id uuid, patient_id uuid, patient_name text, relative_name text, basis text, scope text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT own.related_person_id, patient.id,
           initcap(coalesce(nullif(patient.used_given_name, ''), patient.birth_given_name)) || ' '
           || coalesce(nullif(patient.used_name, ''), patient.birth_name),
           relative.name, own.basis::text, own.scope::text[]
    FROM patients_delegation AS own
    JOIN patients_patient AS patient ON patient.id = own.patient_id
    JOIN patients_relatedperson AS relative ON relative.id = own.related_person_id
    WHERE own.user_id = account AND (app_kind() = '' OR app_user() = account) AND {IN_FORCE}
    ORDER BY 3, own.basis = 'carer', own.recorded_at, own.id
$$;

-- Which connected relatives reach which patients now: numbers, from 1, of the given lists. For the live stream.
CREATE FUNCTION delegate_readers(patients uuid[], persons uuid[], users uuid[]) RETURNS TABLE (number bigint, reader bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT told.number, connected.number
    FROM unnest(patients) WITH ORDINALITY AS told (patient, number)
    CROSS JOIN unnest(persons, users) WITH ORDINALITY AS connected (person, account, number)
    WHERE app_kind() = 'job' AND EXISTS (
        SELECT 1 FROM patients_delegation AS own
        WHERE own.patient_id = told.patient AND own.related_person_id = connected.person
          AND own.user_id = connected.account AND {IN_FORCE})
$$;

-- The two secrets of an invitation, as keyed hashes: a wrong code is counted, five are too many. With an account, it
-- is that account's from now on. Nothing is answered to who has not both.
CREATE FUNCTION answer_invitation(token text, code text, account uuid)
RETURNS TABLE (delegation_id uuid, patient_id uuid, email text, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE found patients_delegation;
BEGIN
    SELECT * INTO found FROM patients_delegation AS own
    WHERE own.token_hash = token AND own.user_id IS NULL AND own.withdrawn_at IS NULL
      AND own.invited_until > now() AND own.code_tries < 5
    FOR UPDATE;
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    IF found.code_hash <> code THEN
        UPDATE patients_delegation SET code_tries = code_tries + 1 WHERE id = found.id;
        RETURN;
    END IF;
    IF account IS NOT NULL THEN
        UPDATE patients_delegation SET user_id = account, claimed_at = now() WHERE id = found.id;
    END IF;
    RETURN QUERY SELECT found.id, found.patient_id, found.invited_email::text, relative.name::text
                 FROM patients_relatedperson AS relative WHERE relative.id = found.related_person_id;
END $$;
"""

POLICIES = """
SELECT protect_patient_table('patients_delegation');
CREATE POLICY own ON patients_delegation FOR SELECT TO terresante_app USING (user_id = (SELECT app_user()));
-- Else a member of the circle could tie an account of his own to the patient.
CREATE POLICY unclaimed ON patients_delegation AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (user_id IS NULL AND claimed_at IS NULL OR (SELECT app_kind()) = 'job');
CREATE POLICY patient_delegates ON patients_delegation FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_open_record()) AND basis = 'carer');
CREATE POLICY patient_withdraws ON patients_delegation FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_open_record()) AND basis = 'carer');
REVOKE UPDATE, DELETE ON patients_delegation FROM terresante_app;
GRANT UPDATE (withdrawn_at, withdrawn_by_name, restricted_at, restriction) ON patients_delegation TO terresante_app;

-- His trusted person and the person to warn are his to say (L1111-6 CSP).
CREATE POLICY patient_names ON patients_relatedperson FOR INSERT TO terresante_app
    WITH CHECK ((SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_open_record()));
CREATE POLICY patient_corrects ON patients_relatedperson FOR UPDATE TO terresante_app
    USING ((SELECT app_kind()) = 'patient' AND patient_id = (SELECT app_open_record()));

-- INVISIBLE_REPRESENTANTS_LEGAUX: what the person reads and those who act for him do not.
CREATE FUNCTION hide_from_representatives(protected regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format($q$CREATE POLICY hidden_from_representative ON %s AS RESTRICTIVE FOR ALL TO terresante_app
        USING (NOT hidden_from_representative OR (SELECT app_kind()) <> 'representative')$q$, protected);
END $$;
REVOKE ALL ON FUNCTION hide_from_representatives(regclass) FROM PUBLIC, terresante_app;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'delegations_behind(uuid)', 'delegate_readers(uuid[], uuid[], uuid[])', 'own_patient()',
        'answer_invitation(text, text, uuid)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
    FOREACH listed IN ARRAY ARRAY['delegate_basis(uuid)', 'keep_majority()', 'move_majority()'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0012_regime_walls"), ("patients", "0005_delegation")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (DAYS, BASIS, DOORS, POLICIES, OWNERSHIP)
    ]
