"""Candidates for the same person, whatever was mistyped: keys that each join one name and one piece of the birth date.

A typing error breaks some of the keys, never all of them, unless everything was mistyped. One GIN index holds them all.
"""

from django.db import migrations

SQL = r"""
-- Consonants by family, doubled ones once; the twin of `patients.likeness.sound`. These functions name their schema: an
-- index is built with no search path, and one of their own would cost more than they do.
CREATE FUNCTION name_sound(word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(left(regexp_replace(
        translate(word, 'BFPVCGJKQSXZDTLMNRAEIOUYHW'' -', '111122222222334556'), '(.)\1+', '\1', 'g'), 4), ''),
        left(word, 1))
$$;

-- First two parts of a name; particles of one or two letters do not tell people apart.
CREATE FUNCTION name_parts(name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    parts text[] := '{}';
    part text;
BEGIN
    FOREACH part IN ARRAY string_to_array(translate(name, '''-', '  '), ' ') LOOP
        IF length(part) > 2 AND coalesce(array_length(parts, 1), 0) < 2 THEN
            parts := parts || part;
        END IF;
    END LOOP;
    RETURN CASE WHEN parts = '{}' THEN ARRAY[name] ELSE parts END;
END $$;

CREATE FUNCTION identity_keys(name text, used text, given text, born date) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    y text := extract(year FROM born)::int::text;
    m int := extract(month FROM born);
    d int := extract(day FROM born);
    family text[] := public.name_parts(name);
    parts text[] := family || public.name_parts(given);
    keys integer[] := ARRAY[extract(year FROM born)::int * 10000 + m * 100 + d];
    one text;
BEGIN
    IF used <> '' THEN
        parts := parts || public.name_parts(used);
    END IF;
    FOREACH one IN ARRAY parts LOOP
        one := public.name_sound(one);
        keys := keys || hashtext('m' || y || '-' || m || '/' || one) || hashtext('d' || y || '-' || d || '/' || one)
            || hashtext('i' || least(d, m) || '-' || greatest(d, m) || '/' || one);
    END LOOP;
    -- Day and month unknown on one side: the family name and the year.
    FOREACH one IN ARRAY family LOOP
        keys := keys || hashtext('y' || y || '/' || public.name_sound(one));
    END LOOP;
    RETURN keys;
END $$;
"""

INDEX = """
CREATE INDEX patient_identity_keys ON patients_patient
    USING gin (identity_keys(match_birth_name, match_used_name, birth_given_names, birth_date))
    WHERE merged_into_id IS NULL;
CREATE INDEX patient_updated ON patients_patient (updated_at);
"""

# Identities only, a few rows; the score is patients.likeness's, this order only decides which rows it sees.
LIKELY = """
CREATE FUNCTION likely_same(
    asked_name text, asked_used text, asked_given text, asked_birth date, asked_ins text, apart uuid, most integer)
RETURNS TABLE (
    patient_id uuid, birth_name text, used_name text, birth_given_names text, birth_date date, lunar_birth_date text,
    sex text, birth_place_code text, ins text)
-- The planner expects a hundred times the rows there are: starting its workers cost more than the search.
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET max_parallel_workers_per_gather = 0 AS $$
    SELECT found.id, found.birth_name, found.used_name, found.birth_given_names, found.birth_date,
           found.lunar_birth_date, found.sex, found.birth_place_code, found.ins
    FROM (
        SELECT * FROM patients_patient AS patient
        WHERE merged_into_id IS NULL
          AND identity_keys(match_birth_name, match_used_name, birth_given_names, birth_date)
              && identity_keys(asked_name, asked_used, asked_given, asked_birth)
        UNION ALL
        SELECT * FROM patients_patient
        WHERE merged_into_id IS NULL AND asked_ins <> '' AND ins = asked_ins
          AND NOT identity_keys(match_birth_name, match_used_name, birth_given_names, birth_date)
                  && identity_keys(asked_name, asked_used, asked_given, asked_birth)
    ) AS found
    WHERE (app_kind() = 'job' OR app_has_duty('identity_officer')) AND found.id IS DISTINCT FROM apart
    -- Two trigram comparisons a row, the rest is equality: at a million identities there are hundreds of candidates.
    ORDER BY CASE WHEN asked_name IN (found.match_birth_name, found.match_used_name)
                       OR found.match_birth_name = nullif(asked_used, '') THEN 1
                  WHEN left(found.match_birth_name, 2) = left(asked_given, 2)
                       AND left(found.match_given_name, 2) = left(asked_name, 2) THEN 1
                  ELSE similarity(found.match_birth_name, asked_name) END
             + CASE WHEN left(found.match_birth_name, 2) = left(asked_given, 2)
                         AND left(found.match_given_name, 2) = left(asked_name, 2) THEN 0.8
                    WHEN strpos(found.birth_given_names, split_part(asked_given, ' ', 1)) > 0
                         OR strpos(asked_given, found.match_given_name) > 0 THEN 0.9
                    ELSE similarity(found.match_given_name, split_part(asked_given, ' ', 1)) END
             + CASE WHEN found.birth_date = asked_birth THEN 0.8 ELSE 0 END DESC, found.id
    LIMIT least(most, 50)
$$;

-- Living identities written since, for the job that proposes pairs.
CREATE FUNCTION identities_changed_since(since timestamptz, most integer)
RETURNS TABLE (
    patient_id uuid, birth_name text, used_name text, birth_given_names text, birth_date date, lunar_birth_date text,
    sex text, birth_place_code text, ins text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, birth_name, used_name, birth_given_names, birth_date, lunar_birth_date, sex, birth_place_code, ins
    FROM patients_patient WHERE app_kind() = 'job' AND updated_at >= since AND merged_into_id IS NULL
    ORDER BY updated_at, id LIMIT most
$$;

-- Of the given people: does another one bear the same names; was another born of the same name on the same day.
CREATE FUNCTION namesakes(asked uuid[]) RETURNS TABLE (patient_id uuid, is_homonym boolean, is_twin boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT one.id,
           one.is_homonym OR EXISTS (
               SELECT 1 FROM patients_patient AS other
               WHERE other.match_birth_name = one.match_birth_name AND other.match_given_name = one.match_given_name
                 AND other.id <> one.id AND other.merged_into_id IS NULL),
           EXISTS (SELECT 1 FROM patients_patient AS other
                   WHERE other.birth_date = one.birth_date AND other.match_birth_name = one.match_birth_name
                     AND other.match_given_name <> one.match_given_name AND other.id <> one.id
                     AND other.merged_into_id IS NULL)
    FROM patients_patient AS one
    WHERE one.id = ANY (asked[:100]) AND app_kind() = 'professional'
$$;

DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'likely_same(text, text, text, date, text, uuid, integer)', 'identities_changed_since(timestamptz, integer)',
        'namesakes(uuid[])'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_identity_desk"), ("kernel", "0002_trail_and_outbox")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (SQL, INDEX, LIKELY)]
