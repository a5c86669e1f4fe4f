"""Who reaches a patient: one function that a policy asks of a row, where each policy asked three questions of its own.

PostgreSQL makes the questions of every policy ready at each statement, whether a row comes to them or not, and those of
the circle were guarded by the circle's own policies. On the page of a record no row ever comes to them (docs/bench.md).
Here, above every app, because it changes the tables of all of them.
"""

from django.db import migrations

# The settings are read once a call; who acts for nobody does not ask whether he may.
REACHES = """
CREATE FUNCTION reaches_patient(asked uuid, to_write boolean) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    person uuid := app_person();
    here uuid := app_organization();
    lent uuid;
BEGIN
    -- A structure's membership is its professionals', not its gateway's; the support desk is in no circle.
    IF app_kind() <> 'professional' OR app_has_duty('support_agent') THEN RETURN false; END IF;
    IF current_setting('app.principal', true) <> '' THEN lent := app_principal(); END IF;
    PERFORM FROM care_team_careteamparticipant AS own
    WHERE own.patient_id = asked AND own.member_id IN (person, here, lent)
      AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
      AND (own.expires_at IS NULL OR own.expires_at > now());
    IF FOUND OR to_write THEN RETURN FOUND; END IF;
    PERFORM FROM care_team_emergencyaccess AS own
    WHERE own.patient_id = asked AND own.practitioner_id = person AND own.organization_id = here
      AND own.expires_at > now();
    IF FOUND THEN RETURN true; END IF;
    -- Who handed this patient over still reads for some days.
    PERFORM FROM care_team_careteamparticipant AS own
    WHERE own.patient_id = asked AND own.practitioner_id = person AND own.reads_until > now()
      AND own.suspended_at IS NULL;
    RETURN FOUND;
END $$;
ALTER FUNCTION reaches_patient(uuid, boolean) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION reaches_patient(uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reaches_patient(uuid, boolean) TO terresante_app;
"""

PROTECT = """
-- The open record and one's own stand first: of most rows nothing else is asked.
CREATE FUNCTION read_policy(key text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $body$
    SELECT format('%1$I = (SELECT app_open_record()) OR %1$I = (SELECT app_person()) OR reaches_patient(%1$I, false)', key)
$body$;
CREATE FUNCTION write_policy(key text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $body$
    SELECT format('%1$I = (SELECT app_write_record()) OR reaches_patient(%1$I, true)', key)
$body$;

CREATE OR REPLACE FUNCTION protect_patient_table(protected regclass, key text DEFAULT 'patient_id') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $body$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY reads ON %s FOR SELECT TO terresante_app USING (%s)', protected, read_policy(key));
    EXECUTE format('CREATE POLICY adds ON %s FOR INSERT TO terresante_app WITH CHECK (%s)', protected, write_policy(key));
    EXECUTE format('CREATE POLICY changes ON %s FOR UPDATE TO terresante_app USING (%s)', protected, write_policy(key));
    EXECUTE format('CREATE POLICY removes ON %s FOR DELETE TO terresante_app USING (%s)', protected, write_policy(key));
    PERFORM protect_limits(protected);
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
END $body$;
DROP FUNCTION reads_on(regclass, text);
REVOKE ALL ON FUNCTION read_policy(text), write_policy(text) FROM PUBLIC, terresante_app;
"""

# Of each table these four had one text, and nothing beside it: what a later migration added to one would stop this.
POLICIES = """
DO $$
DECLARE
    one record;
    key text;
    alike int;
BEGIN
    CREATE TEMPORARY TABLE asking ON COMMIT DROP AS
        SELECT tablename, policyname, cmd, coalesce(qual, with_check) AS said,
               replace(coalesce(qual, with_check), tablename || '.', '') AS shape
        FROM pg_policies
        WHERE schemaname = 'public' AND policyname IN ('reads', 'adds', 'changes', 'removes')
          AND strpos(coalesce(qual, with_check), 'FROM care_team_careteamparticipant own') > 0;
    -- By reading or writing, and by the name of the key.
    SELECT count(DISTINCT (cmd = 'SELECT', shape)) INTO alike FROM asking;
    IF alike <> 4 THEN RAISE EXCEPTION '% shapes of policies, where there were four', alike; END IF;
    FOR one IN SELECT * FROM asking LOOP
        key := CASE one.tablename WHEN 'patients_patient' THEN 'id' ELSE 'patient_id' END;
        EXECUTE format('ALTER POLICY %I ON %I ', one.policyname, one.tablename) || CASE one.cmd
            WHEN 'SELECT' THEN format('USING (%s)', read_policy(key))
            WHEN 'INSERT' THEN format('WITH CHECK (%s)', write_policy(key))
            ELSE format('USING (%s)', write_policy(key)) END;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interop", "0023_robot_runs"),
        ("care_plans", "0004_plans_of_documents"),
        ("care_team", "0034_my_patients_sorted"),
        ("documents", "0009_of_a_stay"),
        ("feed", "0015_programmes"),
        ("health_record", "0008_offered_steps"),
        ("home_care", "0002_walls"),
        ("notes", "0010_media_walls"),
        ("patients", "0025_cleared_death_checked"),
        ("questionnaires", "0004_replay_words"),
        ("results", "0005_orders_apart"),
        ("stays", "0007_other_names"),
        ("telemonitoring", "0021_board_reading"),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (REACHES, PROTECT, POLICIES)]
