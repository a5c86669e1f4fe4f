from django.db import migrations

# What its sender masks since is masked for good, in its versions before too; the rest is as it was: kept with its stay, and
# given back, by who sent it alone.
SQL = """
CREATE OR REPLACE FUNCTION keep_document_with_stay() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'gateway' OR OLD.organization_id IS DISTINCT FROM app_organization()
       OR OLD.author_id IS NOT NULL
       OR (OLD.private_to_id IS NOT NULL AND NOT OLD.is_kept_with_stay)
       OR (NEW.is_kept_with_stay AND (OLD.visit_number = '' OR NEW.private_to_id IS NULL))
       OR (NEW.private_to_id IS NOT NULL AND NEW.private_to_id <> OLD.organization_id)
    THEN
        RAISE EXCEPTION 'permission denied: a document is kept with its stay, or masked, by who sent it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0009_of_a_stay")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
