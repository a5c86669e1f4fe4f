from django.db import migrations

# The audience of an event has every limit of what it tells: private to a person, restricted to a sector too.
SQL = """
DO $$
DECLARE
    told text := pg_get_functiondef('users_to_tell'::regproc);
    edits text[] := ARRAY[
        'classes text[])', 'classes text[], private_persons uuid[], sectors text[], restricted_tos uuid[])',
        'FROM unnest(patients, private_tos, classes) WITH ORDINALITY AS asked (patient, private_to, class, number)',
        'FROM unnest(patients, private_tos, classes, private_persons, sectors, restricted_tos)
         WITH ORDINALITY AS asked (patient, private_to, class, private_to_person, sector, restricted_to, number)',
        'AND (asked.private_to IS NULL OR role.organization_id = asked.private_to)',
        'AND (asked.private_to IS NULL OR role.organization_id = asked.private_to)
      AND (asked.private_to_person IS NULL OR person.id = asked.private_to_person)
      AND (asked.sector = '''' OR restricted_is_known(
            asked.patient, asked.sector, asked.restricted_to, person.id, role.organization_id))'];
BEGIN
    FOR step IN 1 .. array_length(edits, 1) BY 2 LOOP
        IF strpos(told, edits[step]) = 0 THEN
            RAISE EXCEPTION 'users_to_tell says no longer: %', edits[step];
        END IF;
        told := replace(told, edits[step], edits[step + 1]);
    END LOOP;
    EXECUTE told;
END $$;
DROP FUNCTION users_to_tell(uuid[], uuid[], text[]);
ALTER FUNCTION users_to_tell(uuid[], uuid[], text[], uuid[], text[], uuid[]) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION users_to_tell(uuid[], uuid[], text[], uuid[], text[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users_to_tell(uuid[], uuid[], text[], uuid[], text[], uuid[]) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_scope_of_consent"), ("care_team", "0016_restricted_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
