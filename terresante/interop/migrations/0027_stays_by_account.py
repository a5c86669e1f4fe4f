"""What names its stay by its account (PID-18) is judged by it when two identities become one, as `interop.following`
judges it when it comes.
"""

from django.db import migrations

# `documents.enums.ACCOUNT` marks an account where a visit number stands. One key for the two: what names a stay by either
# waits for whoever writes it.
ONE_KEY = """
CREATE OR REPLACE FUNCTION visit_key(organization uuid, visit text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT hashtextextended('visit ' || organization || ' ' || regexp_replace(visit, '^dossier ', ''), 0)
$$;

CREATE OR REPLACE FUNCTION hold_visits_of(persons uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(held.key) FROM (
        SELECT DISTINCT visit_key(named.organization_id, named.visit_number) AS key FROM (
            SELECT organization_id, visit_number FROM stays_encounter WHERE patient_id = ANY (persons)
            UNION ALL
            SELECT organization_id, jsonb_array_elements_text(accounts) FROM stays_encounter
            WHERE patient_id = ANY (persons)
            UNION ALL
            SELECT organization_id, visit_number FROM documents_documentreference
            WHERE patient_id = ANY (persons) AND visit_number <> ''
            UNION ALL
            SELECT organization_id, visit_number FROM results_diagnosticreport
            WHERE patient_id = ANY (persons) AND visit_number <> '') AS named
        ORDER BY key) AS held;
END $$;
"""

JUDGED = """
-- A visit number names its stay; any other name, the stays of that account: one that is secret is enough, and one that
-- was taken back is not while another is read.
CREATE OR REPLACE FUNCTION is_kept_with_stay(person uuid, organization uuid, visit text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH known AS (
        SELECT stay.visit_number = visit AS is_named, stay.private_to_id IS NOT NULL AS is_secret,
               stay.status = 'cancelled' AS is_taken_back
        FROM stays_encounter AS stay
        WHERE stay.patient_id = person AND stay.organization_id = organization
          AND (stay.visit_number = visit
               OR stay.accounts @> jsonb_build_array(regexp_replace(visit, '^dossier ', ''))))
    SELECT coalesce(bool_or(is_secret) OR bool_and(is_taken_back), false) FROM known
    WHERE is_named OR NOT EXISTS (SELECT 1 FROM known WHERE is_named)
$$;
"""

# A batch of movements asks it once for all its persons: documents and results are opened one person at a time.
SENT = """
CREATE FUNCTION named_by_account(persons uuid[], names text[]) RETURNS TABLE (person uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT patient_id, visit_number FROM documents_documentreference
    WHERE app_kind() = 'gateway' AND organization_id = app_organization() AND visit_number = ANY (names)
      AND patient_id = ANY (persons) AND patient_id = ANY (app_open_records())
    UNION
    SELECT patient_id, visit_number FROM results_diagnosticreport
    WHERE app_kind() = 'gateway' AND organization_id = app_organization() AND visit_number = ANY (names)
      AND patient_id = ANY (persons) AND patient_id = ANY (app_open_records())
$$;
ALTER FUNCTION named_by_account(uuid[], text[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION named_by_account(uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION named_by_account(uuid[], text[]) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0026_other_content"), ("stays", "0008_accounts")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (ONE_KEY, JUDGED, SENT)]
