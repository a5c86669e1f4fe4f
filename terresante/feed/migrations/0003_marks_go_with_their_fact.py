from django.db import migrations

# Who withdraws a fact sees none of the reading marks of others (row policies), so Django cannot delete them first:
# the database does, whose own referential actions no policy binds.
SQL = """
DO $$
DECLARE known text;
BEGIN
    SELECT conname INTO STRICT known FROM pg_constraint
    WHERE conrelid = 'feed_readexception'::regclass AND confrelid = 'feed_feeditem'::regclass AND contype = 'f';
    EXECUTE format('ALTER TABLE feed_readexception DROP CONSTRAINT %I', known);
    EXECUTE format('ALTER TABLE feed_readexception ADD CONSTRAINT %I FOREIGN KEY (item_id)
        REFERENCES feed_feeditem (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED', known);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0002_walls")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
