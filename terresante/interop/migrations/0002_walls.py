from django.db import migrations

# Messages are the gateway's; the identity desk sees those it must decide, and those it has decided.
SQL = """
ALTER TABLE interop_inboundmessage ENABLE ROW LEVEL SECURITY;
ALTER TABLE interop_inboundmessage FORCE ROW LEVEL SECURITY;
CREATE POLICY gateway ON interop_inboundmessage FOR ALL TO terresante_app USING ((SELECT app_kind()) = 'job');
CREATE POLICY desk_reads ON interop_inboundmessage FOR SELECT TO terresante_app USING (
    (SELECT app_has_duty('identity_officer'))
    AND (state IN ('doubtful', 'unreadable', 'refused', 'failed') OR decided_by_id = (SELECT app_user())));
CREATE POLICY desk_decides ON interop_inboundmessage FOR UPDATE TO terresante_app
    USING ((SELECT app_has_duty('identity_officer')) AND state IN ('doubtful', 'unreadable', 'refused', 'failed'))
    WITH CHECK ((SELECT app_has_duty('identity_officer')) AND decided_by_id = (SELECT app_user())
                AND state IN ('received', 'put_aside'));
REVOKE DELETE ON interop_inboundmessage FROM terresante_app;

ALTER TABLE interop_identitydecision ENABLE ROW LEVEL SECURITY;
ALTER TABLE interop_identitydecision FORCE ROW LEVEL SECURITY;
CREATE POLICY desk ON interop_identitydecision FOR ALL TO terresante_app
    USING ((SELECT app_kind()) = 'job' OR (SELECT app_has_duty('identity_officer')));

-- Matching is cross-patient: an identifier in, a patient's key out. A merged patient leads to the one that remains.
CREATE FUNCTION linked_patient(asked_domain uuid, asked_value text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(patient.merged_into_id, patient.id)
    FROM patients_sourceidentity AS local JOIN patients_patient AS patient ON patient.id = local.patient_id
    WHERE local.domain_id = asked_domain AND local.value = asked_value
      AND (app_kind() = 'job' OR app_has_duty('identity_officer'))
$$;
ALTER FUNCTION linked_patient(uuid, text) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION linked_patient(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION linked_patient(uuid, text) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0001_initial"), ("care_team", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
