from django.db import migrations

# As of documents: what its sender masks since is masked for good, in the reports before too.
SQL = """
CREATE OR REPLACE FUNCTION keep_report_with_stay() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF app_kind() IS DISTINCT FROM 'gateway' OR OLD.organization_id IS DISTINCT FROM app_organization()
       OR OLD.document_id IS NOT NULL
       OR (OLD.private_to_id IS NOT NULL AND NOT OLD.is_kept_with_stay)
       OR (NEW.is_kept_with_stay AND (OLD.visit_number = '' OR NEW.private_to_id IS NULL))
       OR (NEW.private_to_id IS NOT NULL AND NEW.private_to_id <> OLD.organization_id)
    THEN
        RAISE EXCEPTION 'permission denied: a report is kept with its stay, or masked, by who sent it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("results", "0006_apart_in_a_report")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
