"""What each hospital sends, in numbers, for whom connects them: no message, nobody's identity."""

from django.db import migrations

SQL = """
CREATE FUNCTION sender_activity()
RETURNS TABLE (sender_id uuid, last_received_at timestamptz, of_the_day bigint, refused bigint, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sender.id,
        (SELECT received_at FROM interop_inboundmessage WHERE interop_inboundmessage.sender_id = sender.id
         ORDER BY sequence DESC LIMIT 1),
        count(message.id) FILTER (WHERE message.received_at > now() - interval '1 day'),
        count(message.id) FILTER (WHERE message.state IN ('refused', 'unreadable')),
        count(message.id) FILTER (WHERE message.state IN ('doubtful', 'failed', 'held'))
    FROM interop_sendersystem AS sender
    LEFT JOIN interop_inboundmessage AS message
        ON message.sender_id = sender.id AND message.received_at > now() - interval '7 days'
    WHERE app_kind() = 'professional' AND app_has_duty('administrator')
    GROUP BY sender.id
$$;
ALTER FUNCTION sender_activity() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION sender_activity() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sender_activity() TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0006_acting_for")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
