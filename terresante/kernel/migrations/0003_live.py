from django.db import migrations

# What a page is rendered at; a number, read by every page, without a job's context.
SQL = """
CREATE FUNCTION last_event_position() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(position), 0) FROM kernel_outboxevent
$$;
ALTER FUNCTION last_event_position() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION last_event_position() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION last_event_position() TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_trail_and_outbox")]

    operations = [migrations.RunSQL(SQL, "DROP FUNCTION last_event_position()")]
