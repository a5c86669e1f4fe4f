"""Inclusions and their steps behind the common policies; what a project lead reads across patients, by functions.

A project lead is in no circle: the functions give him references, dates and sums of the programmes of the structure he
works in, never a patient's key or name.
"""

from django.db import migrations

TABLES = """
SELECT protect_patient_table('care_plans_inclusion');
SELECT hide_from_representatives('care_plans_inclusion');
SELECT protect_patient_table('care_plans_plannedstep');
SELECT hide_from_representatives('care_plans_plannedstep');
-- What was decided at the inclusion stays: only what the pathway lives on changes.
REVOKE UPDATE, DELETE ON care_plans_inclusion, care_plans_plannedstep FROM terresante_app;
GRANT UPDATE (state, left_on, left_because) ON care_plans_inclusion TO terresante_app;
GRANT UPDATE (responsible_id, due_on, is_moved, state, done_on, done_by_name, reason)
    ON care_plans_plannedstep TO terresante_app;

-- What hangs on an inclusion is read by who reads it: the policies of its own table answer.
SELECT protect_patient_table('care_plans_pathwaychange');
CREATE POLICY follows_its_inclusion ON care_plans_pathwaychange AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (EXISTS (SELECT 1 FROM care_plans_inclusion AS own
                   WHERE own.id = inclusion_id AND own.patient_id = care_plans_pathwaychange.patient_id));
REVOKE UPDATE, DELETE ON care_plans_pathwaychange FROM terresante_app;

SELECT protect_patient_table('care_plans_billablesequence');
CREATE POLICY follows_its_inclusion ON care_plans_billablesequence AS RESTRICTIVE FOR SELECT TO terresante_app
    USING (EXISTS (SELECT 1 FROM care_plans_inclusion AS own
                   WHERE own.id = inclusion_id AND own.patient_id = care_plans_billablesequence.patient_id));
-- Billed by `invoice_sequences` alone, and then for good: a step opened again takes back what was not billed.
CREATE POLICY not_billed_yet ON care_plans_billablesequence AS RESTRICTIVE FOR INSERT TO terresante_app
    WITH CHECK (batch_id IS NULL);
CREATE POLICY never_billed ON care_plans_billablesequence AS RESTRICTIVE FOR DELETE TO terresante_app
    USING (batch_id IS NULL);
REVOKE UPDATE ON care_plans_billablesequence FROM terresante_app;
REVOKE INSERT, UPDATE, DELETE ON care_plans_invoicebatch FROM terresante_app;
REVOKE DELETE ON care_plans_programme, care_plans_programmeversion FROM terresante_app;
"""

VERSIONS = """
-- Running inclusions stay on their version: what was published says the same for ever.
CREATE FUNCTION keep_published_programme() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.programme_id <> OLD.programme_id OR NEW.number <> OLD.number THEN
        RAISE EXCEPTION 'permission denied: a version keeps its number' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.status <> 'draft' AND (NEW.definition IS DISTINCT FROM OLD.definition OR NEW.status = 'draft') THEN
        RAISE EXCEPTION 'permission denied: a published programme stays as it was'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.status = 'retired' AND NEW.status <> 'retired' THEN
        RAISE EXCEPTION 'permission denied: a replaced programme stays replaced'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_published_programme() FROM PUBLIC, terresante_app;
CREATE TRIGGER published BEFORE UPDATE ON care_plans_programmeversion
    FOR EACH ROW EXECUTE FUNCTION keep_published_programme();
"""

FUNCTIONS = """
CREATE FUNCTION leads_programme(asked uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT app_kind() = 'professional' AND app_has_duty('programme_lead') AND EXISTS (
        SELECT 1 FROM care_plans_programme WHERE id = asked AND organization_id = app_organization())
$$;
REVOKE ALL ON FUNCTION leads_programme(uuid) FROM PUBLIC, terresante_app;
GRANT EXECUTE ON FUNCTION leads_programme(uuid) TO terresante_definer;

CREATE FUNCTION programme_counts(asked uuid)
RETURNS TABLE (included bigint, running bigint, departed bigint, late bigint, to_bill bigint, to_bill_cents bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*), count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state = 'left'),
        (SELECT count(*) FROM care_plans_plannedstep AS step JOIN care_plans_inclusion AS own ON own.id = step.inclusion_id
         WHERE own.programme_id = asked AND step.state = 'planned' AND step.due_on < app_today()),
        (SELECT count(*) FROM care_plans_billablesequence WHERE programme_id = asked AND batch_id IS NULL),
        (SELECT coalesce(sum(fee), 0) FROM care_plans_billablesequence WHERE programme_id = asked AND batch_id IS NULL)
    FROM care_plans_inclusion WHERE programme_id = asked HAVING leads_programme(asked)
$$;

CREATE FUNCTION sequence_totals(asked uuid, first_day date, last_day date)
RETURNS TABLE (label text, fee integer, complete bigint, billed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT label, fee, count(*), count(batch_id) FROM care_plans_billablesequence
    WHERE leads_programme(asked) AND programme_id = asked AND completed_on BETWEEN first_day AND last_day
    GROUP BY label, fee ORDER BY label, fee
$$;

-- Of a period, or of one batch.
CREATE FUNCTION programme_sequences(asked uuid, first_day date, last_day date, in_batch uuid, most integer)
RETURNS TABLE (reference text, label text, round smallint, completed_on date, fee integer, batch_number integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT own.reference, one.label, one.round, one.completed_on, one.fee, batch.number
    FROM care_plans_billablesequence AS one
    JOIN care_plans_inclusion AS own ON own.id = one.inclusion_id
    LEFT JOIN care_plans_invoicebatch AS batch ON batch.id = one.batch_id
    WHERE leads_programme(asked) AND one.programme_id = asked
      AND CASE WHEN in_batch IS NULL THEN one.completed_on BETWEEN first_day AND last_day ELSE one.batch_id = in_batch END
    ORDER BY one.completed_on, own.reference, one.label, one.round LIMIT most
$$;

CREATE FUNCTION programme_inclusions(asked uuid, first_day date, last_day date, most integer)
RETURNS TABLE (reference text, version smallint, included_on date, left_on date, left_because text,
               steps bigint, done bigint, late bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT own.reference, version.number, own.included_on, own.left_on, own.left_because, count(step.id),
        count(*) FILTER (WHERE step.state = 'done'),
        count(*) FILTER (WHERE step.state = 'planned' AND step.due_on < app_today())
    FROM care_plans_inclusion AS own
    JOIN care_plans_programmeversion AS version ON version.id = own.version_id
    LEFT JOIN care_plans_plannedstep AS step ON step.inclusion_id = own.id
    WHERE leads_programme(asked) AND own.programme_id = asked AND own.included_on BETWEEN first_day AND last_day
    GROUP BY own.id, version.number ORDER BY own.included_on, own.reference LIMIT most
$$;

-- How many sequences went into the new batch; 0, and no batch, when none waited.
CREATE FUNCTION invoice_sequences(asked uuid, last_day date, batch uuid, who text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE billed integer; cents bigint;
BEGIN
    IF NOT leads_programme(asked) THEN
        RETURN 0;
    END IF;
    -- Two project leads at once: the second finds nothing left.
    PERFORM 1 FROM care_plans_programme WHERE id = asked FOR UPDATE;
    IF NOT EXISTS (SELECT 1 FROM care_plans_billablesequence
                   WHERE programme_id = asked AND batch_id IS NULL AND completed_on <= last_day) THEN
        RETURN 0;
    END IF;
    INSERT INTO care_plans_invoicebatch (id, programme_id, number, until, sequences, total, made_at, made_by_name)
    SELECT batch, asked, coalesce(max(number), 0) + 1, last_day, 0, 0, now(), who
    FROM care_plans_invoicebatch WHERE programme_id = asked;
    WITH taken AS (
        UPDATE care_plans_billablesequence SET batch_id = batch
        WHERE programme_id = asked AND batch_id IS NULL AND completed_on <= last_day RETURNING fee)
    SELECT count(*), coalesce(sum(fee), 0) INTO billed, cents FROM taken;
    UPDATE care_plans_invoicebatch SET sequences = billed, total = cents WHERE id = batch;
    RETURN billed;
END $$;

DO $$
DECLARE tied text;
BEGIN
    FOREACH tied IN ARRAY ARRAY[
        'programme_counts(uuid)', 'sequence_totals(uuid, date, date)',
        'programme_sequences(uuid, date, date, uuid, integer)', 'programme_inclusions(uuid, date, date, integer)',
        'invoice_sequences(uuid, date, uuid, text)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO terresante_definer', tied);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', tied);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO terresante_app', tied);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care_plans", "0001_initial"),
        ("care_team", "0032_joining_walls"),
        ("patients", "0010_kept_records"),
    ]

    operations = [migrations.RunSQL(TABLES + VERSIONS + FUNCTIONS, migrations.RunSQL.noop)]
