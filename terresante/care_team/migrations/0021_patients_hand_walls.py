"""What the patient, or who represents him by law, changes of his circle; who is told; what the officer answers."""

from django.db import migrations

HAND = """
-- 'done', 'last' (a record always has somebody who answers for it), or NULL when it is no member of one's own circle.
CREATE FUNCTION patient_removes(participant uuid, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine uuid := own_patient(); gone care_team_careteamparticipant;
BEGIN
    PERFORM 1 FROM patients_carerecord WHERE patient_id = mine FOR UPDATE;
    SELECT * INTO gone FROM care_team_careteamparticipant
    WHERE id = participant AND patient_id = mine AND ended_at IS NULL;
    IF gone.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM care_team_careteamparticipant
                   WHERE patient_id = mine AND ended_at IS NULL AND id <> participant) THEN
        RETURN 'last';
    END IF;
    UPDATE care_team_careteamparticipant SET ended_at = greatest(now(), started_at), ended_reason = left(why, 200)
    WHERE id = participant;
    IF gone.basis = 'consent' THEN
        UPDATE care_team_consent SET withdrawn_at = now()
        WHERE patient_id = mine AND practitioner_id = gone.practitioner_id AND withdrawn_at IS NULL;
    END IF;
    RETURN 'done';
END $$;

-- The patient's own consent, and the period it opens: 'done', 'member', 'unshared', 'opposed', 'absent', or NULL.
CREATE FUNCTION patient_adds(participant uuid, consent uuid, asked uuid, who text, proved text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine uuid := own_patient(); own patients_carerecord;
BEGIN
    SELECT * INTO own FROM patients_carerecord WHERE patient_id = mine FOR UPDATE;
    IF own.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT own.is_shared THEN
        RETURN 'unshared';
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_consent WHERE patient_id = mine AND kind = 'opposition_record'
               AND withdrawn_at IS NULL) THEN
        RETURN 'opposed';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM directory_practitioner WHERE id = asked AND active) THEN
        RETURN 'absent';
    END IF;
    IF EXISTS (SELECT 1 FROM care_team_careteamparticipant
               WHERE patient_id = mine AND ended_at IS NULL AND practitioner_id = asked) THEN
        RETURN 'member';
    END IF;
    INSERT INTO care_team_consent (id, patient_id, kind, given_at, recorded_by_name, practitioner_id, proof)
    VALUES (consent, mine, 'consent_outside_team', now(), who, asked, proved);
    INSERT INTO care_team_careteamparticipant
        (id, patient_id, record_id, practitioner_id, role, basis, started_at, added_by_name, ended_reason)
    VALUES (participant, mine, own.id, asked, 'member', 'consent', now(), who, '');
    RETURN 'done';
END $$;

CREATE OR REPLACE FUNCTION lift_record_opposition() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lifted uuid; mine uuid := own_patient();
BEGIN
    UPDATE care_team_consent SET withdrawn_at = now()
    WHERE patient_id = mine AND kind = 'opposition_record' AND withdrawn_at IS NULL
    RETURNING id INTO lifted;
    IF lifted IS NOT NULL THEN
        UPDATE care_team_careteamparticipant SET suspended_at = NULL
        WHERE patient_id = mine AND ended_at IS NULL;
    END IF;
    RETURN lifted;
END $$;
"""

# Two numbers of the trail, never its content: whose page changes, and who came for the first time.
TRAIL = """
CREATE FUNCTION gather_accesses(after bigint, OUT up_to bigint, OUT seen uuid[], OUT firsts uuid[], OUT first_patients uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    up_to := after;
    seen := '{}';
    firsts := '{}';
    first_patients := '{}';
    IF app_kind() <> 'job' THEN
        RETURN;
    END IF;
    up_to := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    WITH told AS MATERIALIZED (
        SELECT DISTINCT entry.patient_id FROM kernel_auditentry AS entry
        WHERE entry.xid >= after::text::xid8 AND entry.xid < up_to::text::xid8
          AND entry.patient_id IS NOT NULL AND entry.outcome = 'done'
          AND entry.actor_kind IN ('professional', 'representative', 'gateway') AND NOT entry.detail ? 'private_to'
          -- Else the page that a representative watches would move because he watches it.
          AND NOT (entry.actor_kind = 'representative' AND entry.action = 'access_log.read'))
    SELECT coalesce(array_agg(patient_id), '{}') INTO seen FROM told
    WHERE EXISTS (SELECT 1 FROM patients_patientaccount AS own WHERE own.patient_id = told.patient_id)
       OR EXISTS (SELECT 1 FROM patients_delegation AS own
                  WHERE own.patient_id = told.patient_id AND own.user_id IS NOT NULL AND own.withdrawn_at IS NULL);
    WITH came AS (
        SELECT DISTINCT ON (entry.patient_id, entry.person_id)
               entry.patient_id, entry.person_id, entry.organization_name, entry.at
        FROM kernel_auditentry AS entry
        JOIN patients_patient AS patient ON patient.id = entry.patient_id
        JOIN directory_practitioner AS person ON person.id = entry.person_id
        WHERE entry.xid >= after::text::xid8 AND entry.xid < up_to::text::xid8
          AND entry.outcome = 'done' AND entry.actor_kind = 'professional' AND NOT entry.detail ? 'private_to'
          -- What is done about somebody without opening his record.
          AND entry.action NOT IN ('record.search', 'break_glass.review', 'complaint.answer')
          AND entry.action NOT LIKE 'identity.%'
        ORDER BY entry.patient_id, entry.person_id, entry.at
    ), added AS (
        INSERT INTO care_team_firstaccess (id, patient_id, practitioner_id, organization_name, at)
        SELECT gen_random_uuid(), patient_id, person_id, organization_name, at FROM came
        ON CONFLICT (patient_id, practitioner_id) DO NOTHING RETURNING id, patient_id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(array_agg(patient_id ORDER BY id), '{}')
    INTO firsts, first_patients FROM added;
END $$;
"""

TOLD = """
-- Where a patient is told: his accounts, else the address of his identity; and who represents him by law.
CREATE FUNCTION patient_addresses(patients uuid[]) RETURNS TABLE (patient uuid, key uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH asked AS (SELECT DISTINCT unnest(patients) AS patient WHERE app_kind() = 'job'),
    accounts AS (
        SELECT asked.patient, account.id, account.email FROM asked
        JOIN patients_patientaccount AS own ON own.patient_id = asked.patient
        JOIN accounts_user AS account ON account.id = own.user_id AND account.is_active AND account.email <> ''
    )
    SELECT patient, id, email::text FROM accounts
    UNION
    SELECT asked.patient, identity.id, identity.email::text FROM asked
    JOIN patients_patient AS identity ON identity.id = asked.patient
    WHERE identity.email <> '' AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.patient = asked.patient)
    UNION
    SELECT asked.patient, account.id, account.email::text FROM asked
    JOIN patients_delegation AS own ON own.patient_id = asked.patient AND own.basis <> 'carer'
    JOIN accounts_user AS account ON account.id = own.user_id AND account.is_active AND account.email <> ''
    WHERE {in_force}
$$;

-- Who is told that the patient took somebody out of his circle: that one, the referent, the structures of support.
CREATE FUNCTION removal_addresses(participants uuid[]) RETURNS TABLE (participant uuid, key uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        SELECT id, patient_id FROM care_team_careteamparticipant WHERE id = ANY (participants) AND app_kind() = 'job'
    ), told AS (
        SELECT gone.id, member.practitioner_id, member.organization_id FROM gone
        JOIN care_team_careteamparticipant AS member ON member.patient_id = gone.patient_id
        WHERE member.id = gone.id
           OR member.ended_at IS NULL AND (member.role = 'referent' OR member.basis = 'support')
    )
    SELECT told.id, account.id, account.email::text FROM told
    JOIN directory_practitioner AS person ON person.id = told.practitioner_id AND person.active
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active AND account.email <> ''
    UNION
    SELECT told.id, place.id, place.email::text FROM told
    JOIN directory_organization AS place ON place.id = told.organization_id AND place.active AND place.email <> ''
$$;
"""

POLICIES = """
SELECT protect_patient_table('care_team_firstaccess');
REVOKE INSERT, UPDATE, DELETE ON care_team_firstaccess FROM terresante_app;

ALTER TABLE care_team_accesscomplaint ENABLE ROW LEVEL SECURITY;
ALTER TABLE care_team_accesscomplaint FORCE ROW LEVEL SECURITY;
CREATE POLICY reads ON care_team_accesscomplaint FOR SELECT TO terresante_app USING (
    patient_id = (SELECT app_open_record()) AND patient_id = (SELECT own_patient())
    OR (SELECT app_has_duty('privacy_officer')));
CREATE POLICY contests ON care_team_accesscomplaint FOR INSERT TO terresante_app WITH CHECK (
    patient_id = (SELECT app_open_record()) AND patient_id = (SELECT own_patient()) AND state = 'open');
CREATE POLICY answers ON care_team_accesscomplaint FOR UPDATE TO terresante_app
    USING ((SELECT app_has_duty('privacy_officer')));
REVOKE UPDATE, DELETE ON care_team_accesscomplaint FROM terresante_app;
GRANT UPDATE (state, answer, answered_at, answered_by_name) ON care_team_accesscomplaint TO terresante_app;
"""

OWNERSHIP = """
DO $$
DECLARE listed text;
BEGIN
    FOREACH listed IN ARRAY ARRAY[
        'patient_removes(uuid, text)', 'patient_adds(uuid, uuid, uuid, text, text)', 'gather_accesses(bigint)',
        'patient_addresses(uuid[])', 'removal_addresses(uuid[])'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', listed);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', listed);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', listed);
    END LOOP;
END $$;
"""

IN_FORCE = """own.withdrawn_at IS NULL AND own.restricted_at IS NULL
      AND own.valid_from <= app_today() AND (own.valid_until IS NULL OR own.valid_until >= app_today())
      AND (own.basis <> 'parental' OR own.majority_on > app_today())"""


class Migration(migrations.Migration):
    dependencies = [("care_team", "0020_patients_hand")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (HAND, TRAIL, TOLD.replace("{in_force}", IN_FORCE), POLICIES, OWNERSHIP)
    ]
