"""What somebody read before a merge and the trail tells after it: no second first access, of the identity merged since.

The first had gone with the merge: un-merging gave it back beside the second, and was refused for ever.
"""

from django.db import migrations

SQL = """
DO $$
DECLARE
    said text := pg_get_functiondef('gather_accesses(bigint)'::regprocedure);
    marks text := 'ORDER BY entry.patient_id, entry.person_id, entry.at';
BEGIN
    IF strpos(said, marks) = 0 THEN RAISE EXCEPTION 'gather_accesses says no longer: %', marks; END IF;
    EXECUTE replace(said, marks, $q$AND NOT EXISTS (
              SELECT 1 FROM care_team_firstaccess AS known
              WHERE patient.merged_into_id IS NOT NULL AND known.patient_id = surviving_patient(patient.id)
                AND known.practitioner_id = entry.person_id)
        $q$ || marks);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0036_whom_a_record_closes_to")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
