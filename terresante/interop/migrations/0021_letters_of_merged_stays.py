"""What was sent of a stay is no more read than the stay when two identities become one, and as before once they are two.

And what writes a stay and what writes of it, by two doors in the same instant, go one after the other.
"""

from django.db import migrations

ONE_AFTER_THE_OTHER = """
-- What holds a visit until the end of a transaction: `interop.filing.hold_visits`, and the functions below.
CREATE FUNCTION visit_key(organization uuid, visit text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT hashtextextended('visit ' || organization || ' ' || visit, 0)
$$;

-- Every visit of these persons, and every one of which something was sent about them, in the order of their keys.
CREATE FUNCTION hold_visits_of(persons uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(held.key) FROM (
        SELECT DISTINCT visit_key(named.organization_id, named.visit_number) AS key FROM (
            SELECT organization_id, visit_number FROM stays_encounter WHERE patient_id = ANY (persons)
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
-- Whether what was sent of a visit is kept with its stay: her circle does not read that one, restricted or taken back.
CREATE FUNCTION is_kept_with_stay(person uuid, organization uuid, visit text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM stays_encounter AS stay
                   WHERE stay.patient_id = person AND stay.organization_id = organization AND stay.visit_number = visit
                     AND (stay.private_to_id IS NOT NULL OR stay.status = 'cancelled'))
$$;

-- As `keep_with_stay` of documents and of results does when a stay turns: read by their structure alone, or by whoever
-- read them before; what their sender masks stays as it is. A stay that is being changed is waited for.
CREATE FUNCTION judge_by_stays(persons uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM stays_encounter WHERE patient_id = ANY (persons) ORDER BY id FOR SHARE;
    UPDATE documents_documentreference AS sent
    SET is_kept_with_stay = NOT sent.is_kept_with_stay,
        private_to_id = CASE WHEN NOT sent.is_kept_with_stay THEN sent.organization_id END
    WHERE sent.patient_id = ANY (persons) AND sent.visit_number <> ''
      AND (sent.private_to_id IS NULL OR sent.is_kept_with_stay)
      AND sent.is_kept_with_stay <> is_kept_with_stay(sent.patient_id, sent.organization_id, sent.visit_number);
    UPDATE results_diagnosticreport AS sent
    SET is_kept_with_stay = NOT sent.is_kept_with_stay,
        private_to_id = CASE WHEN NOT sent.is_kept_with_stay THEN sent.organization_id END
    WHERE sent.patient_id = ANY (persons) AND sent.visit_number <> '' AND sent.document_id IS NULL
      AND (sent.private_to_id IS NULL OR sent.is_kept_with_stay)
      AND sent.is_kept_with_stay <> is_kept_with_stay(sent.patient_id, sent.organization_id, sent.visit_number);
    -- Facts may follow later than what they tell (sweep_merges).
    UPDATE feed_feeditem AS fact SET private_to_id = sent.private_to_id
    FROM (SELECT id, patient_id, private_to_id FROM documents_documentreference
          WHERE patient_id = ANY (persons) AND visit_number <> ''
          UNION ALL
          SELECT id, patient_id, private_to_id FROM results_diagnosticreport
          WHERE patient_id = ANY (persons) AND visit_number <> '' AND document_id IS NULL) AS sent
    WHERE fact.patient_id = sent.patient_id AND fact.object_id = sent.id
      AND fact.private_to_id IS DISTINCT FROM sent.private_to_id;
END $$;
REVOKE ALL ON FUNCTION hold_visits_of(uuid[]), judge_by_stays(uuid[]), is_kept_with_stay(uuid, uuid, text)
    FROM PUBLIC, terresante_app;
"""

# Held before the persons, as by whoever writes of them; judged once every row stands where it will.
MERGED = """
CREATE FUNCTION edit_function(which text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := pg_get_functiondef(which::regproc);
BEGIN
    IF strpos(was, old) = 0 THEN
        RAISE EXCEPTION '% says no longer: %', which, old;
    END IF;
    EXECUTE replace(was, old, new);
END $$;
SELECT edit_function('merge_patients', 'PERFORM 1 FROM patients_patient WHERE id IN (surviving, dead)',
    'PERFORM hold_visits_of(ARRAY[surviving, dead]);
    PERFORM 1 FROM patients_patient WHERE id IN (surviving, dead)');
SELECT edit_function('merge_patients', 'UPDATE patients_patient SET merged_into_id = surviving',
    'PERFORM judge_by_stays(ARRAY[surviving]);
    UPDATE patients_patient SET merged_into_id = surviving');
SELECT edit_function('unmerge_patients', 'PERFORM 1 FROM patients_patient WHERE id IN (merge.patient_id, merge.dead_id)',
    'PERFORM hold_visits_of(ARRAY[merge.patient_id, merge.dead_id]);
    PERFORM 1 FROM patients_patient WHERE id IN (merge.patient_id, merge.dead_id)');
SELECT edit_function('unmerge_patients', 'UPDATE patients_identitymerge SET unmerged_at',
    'PERFORM judge_by_stays(ARRAY[merge.patient_id, merge.dead_id]);
    UPDATE patients_identitymerge SET unmerged_at');
SELECT edit_function('sweep_merges', 'swept := swept + found;',
    'PERFORM judge_by_stays(ARRAY[stray.surviving]);
            swept := swept + found;');
DROP FUNCTION edit_function(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interop", "0020_death_cleared"),
        ("documents", "0009_of_a_stay"),
        ("results", "0004_of_a_stay"),
        ("stays", "0007_other_names"),
        ("feed", "0009_limits_walls"),
    ]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (ONE_AFTER_THE_OTHER, JUDGED, MERGED)
    ]
