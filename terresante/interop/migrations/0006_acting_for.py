"""A secretary reaches the circles of the physician she acts for; the support desk reaches none.

What the policies and functions say is changed where it stands, never written again: another release may have made
them since. Here, above every app, because it changes the tables of all of them.
"""

from django.db import migrations

CIRCLES = """
DO $$
DECLARE
    found record;
    before text := '( SELECT app_organization() AS app_organization)])';
    after text := '( SELECT app_organization() AS app_organization), ( SELECT app_principal() AS app_principal)])';
    told text;
    changed int := 0;
BEGIN
    FOR found IN SELECT * FROM pg_policies WHERE schemaname = 'public'
                 AND (strpos(qual, before) > 0 OR strpos(with_check, before) > 0) LOOP
        told := format('ALTER POLICY %I ON %I', found.policyname, found.tablename);
        IF found.qual IS NOT NULL THEN
            told := told || format(' USING (%s)', replace(found.qual, before, after));
        END IF;
        IF found.with_check IS NOT NULL THEN
            told := told || format(' WITH CHECK (%s)', replace(found.with_check, before, after));
        END IF;
        EXECUTE told;
        changed := changed + 1;
    END LOOP;
    IF changed = 0 THEN RAISE EXCEPTION 'no policy names the members of a circle'; END IF;

    FOR found IN SELECT oid, proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                 AND strpos(prosrc, 'member_id IN (app_person(), app_organization())') > 0 LOOP
        EXECUTE replace(pg_get_functiondef(found.oid), 'member_id IN (app_person(), app_organization())',
                        'member_id IN (app_person(), app_organization(), app_principal())');
    END LOOP;

    told := pg_get_functiondef('protect_patient_table(regclass, text)'::regprocedure);
    IF strpos(told, '((SELECT app_person()), (SELECT app_organization()))') = 0 THEN
        RAISE EXCEPTION 'protect_patient_table names no members';
    END IF;
    EXECUTE replace(told, '((SELECT app_person()), (SELECT app_organization()))',
                    '((SELECT app_person()), (SELECT app_organization()), (SELECT app_principal()))');
END $$;
"""

# Every policy looks into the circles, or the emergency accesses, under the policy of those two tables.
SUPPORT_DESK = """
DO $$
DECLARE
    member text := '(( SELECT app_kind() AS app_kind) = ''professional''::text)';
    own text := '(practitioner_id = ( SELECT app_person() AS app_person))';
    told text;
BEGIN
    SELECT qual INTO told FROM pg_policies
    WHERE tablename = 'care_team_careteamparticipant' AND policyname = 'reads';
    IF strpos(told, member) = 0 THEN RAISE EXCEPTION 'circles are read otherwise: %', told; END IF;
    EXECUTE format('ALTER POLICY reads ON care_team_careteamparticipant USING (%s)',
        replace(told, member, '(' || member || ' AND NOT (SELECT app_has_duty(''support_agent'')))'));

    SELECT qual INTO told FROM pg_policies WHERE tablename = 'care_team_emergencyaccess' AND policyname = 'reads';
    IF strpos(told, own) = 0 THEN RAISE EXCEPTION 'emergency accesses are read otherwise: %', told; END IF;
    EXECUTE format('ALTER POLICY reads ON care_team_emergencyaccess USING (%s)',
        replace(told, own, '(' || own || ' AND NOT (SELECT app_has_duty(''support_agent'')))'));

    told := pg_get_functiondef('professional_basis(uuid)'::regprocedure);
    IF strpos(told, 'app_kind() = ''professional''') = 0 THEN RAISE EXCEPTION 'the basis is said otherwise'; END IF;
    EXECUTE replace(told, 'app_kind() = ''professional''',
                    'app_kind() = ''professional'' AND NOT app_has_duty(''support_agent'')');

    told := pg_get_functiondef('open_emergency_access(uuid, uuid, text)'::regprocedure);
    IF strpos(told, 'IF app_kind() <> ''professional'' OR') = 0 THEN
        RAISE EXCEPTION 'emergency accesses open otherwise';
    END IF;
    EXECUTE replace(told, 'IF app_kind() <> ''professional'' OR',
                    'IF app_kind() <> ''professional'' OR app_has_duty(''support_agent'') OR');
END $$;
"""


class Migration(migrations.Migration):
    # The last of each app whose tables are behind the common policy.
    dependencies = [
        ("interop", "0005_declared_messages"),
        ("directory", "0006_principal"),
        ("care_team", "0013_my_patients_who_consent"),
        ("feed", "0007_hidden_from_representative"),
        ("notes", "0004_hidden_from_representative"),
        ("notifications", "0004_scope_of_consent"),
        ("overview", "0002_consent_that_ends"),
        ("patients", "0010_kept_records"),
        ("stays", "0005_hidden_from_representative"),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (CIRCLES, SUPPORT_DESK)]
