from django.db import migrations

# Matching is cross-patient: identifiers in, patients' keys out, for a whole batch. A merged patient leads to the one
# that remains. It takes the place of `linked_patient`, asked once a number.
SQL = """
CREATE FUNCTION linked_patients(asked_domains uuid[], asked_values text[])
RETURNS TABLE (domain_id uuid, value text, source_id uuid, owner_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT local.domain_id, local.value::text, local.id, patient.id,
           CASE WHEN patient.merged_into_id IS NULL THEN patient.id ELSE surviving_patient(patient.id) END
    FROM unnest(asked_domains, asked_values) AS asked (domain_id, value)
    JOIN patients_sourceidentity AS local ON local.domain_id = asked.domain_id AND local.value = asked.value
    JOIN patients_patient AS patient ON patient.id = local.patient_id
    WHERE app_kind() = 'job'
$$;
ALTER FUNCTION linked_patients(uuid[], text[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION linked_patients(uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION linked_patients(uuid[], text[]) TO terresante_app;
DROP FUNCTION linked_patient(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0003_partners"), ("care_team", "0008_many_records")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
