"""What each hospital sends, in numbers, hour by hour: no message, nobody's identity.

Every question is bounded: hours already counted are one row each; the others, a sender's last messages, what waits and
what was refused stand behind partial indexes. 100 million messages ask no more than a thousand.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import terresante.kernel.ids

SQL = """
DROP FUNCTION sender_activity();
CREATE FUNCTION sender_activity()
RETURNS TABLE (sender_id uuid, last_received_at timestamptz, waiting bigint, oldest_waiting_at timestamptz,
               held bigint, doubtful bigint, failed bigint, refused bigint, median_seconds double precision,
               late_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH waiting AS (
        SELECT message.sender_id, count(*) AS number, min(received_at) AS oldest
        FROM interop_inboundmessage AS message WHERE state = 'received' GROUP BY message.sender_id
    ), holding AS (
        SELECT message.sender_id, count(*) FILTER (WHERE state = 'held') AS held,
            count(*) FILTER (WHERE state = 'doubtful') AS doubtful, count(*) FILTER (WHERE state = 'failed') AS failed
        FROM interop_inboundmessage AS message WHERE state IN ('held', 'doubtful', 'failed')
        GROUP BY message.sender_id
    ), refused AS (
        SELECT message.sender_id, count(*) AS number FROM interop_inboundmessage AS message
        WHERE state IN ('refused', 'unreadable') AND received_at > now() - interval '7 days'
        GROUP BY message.sender_id
    )
    SELECT sender.id,
        (SELECT received_at FROM interop_inboundmessage AS message WHERE message.sender_id = sender.id
         ORDER BY received_at DESC LIMIT 1),
        coalesce(waiting.number, 0), waiting.oldest, coalesce(holding.held, 0), coalesce(holding.doubtful, 0),
        coalesce(holding.failed, 0), coalesce(refused.number, 0), delay.seconds[1], delay.seconds[2]
    FROM interop_sendersystem AS sender
    LEFT JOIN waiting ON waiting.sender_id = sender.id
    LEFT JOIN holding ON holding.sender_id = sender.id
    LEFT JOIN refused ON refused.sender_id = sender.id
    LEFT JOIN LATERAL (
        SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM recent.handled_at - recent.received_at)) AS seconds
        FROM (SELECT handled_at, received_at FROM interop_inboundmessage AS message
              WHERE message.sender_id = sender.id AND received_at > now() - interval '7 days'
              ORDER BY received_at DESC LIMIT 1000) AS recent
        WHERE recent.handled_at IS NOT NULL
    ) AS delay ON true
    WHERE app_kind() = 'professional' AND app_has_duty('administrator')
$$;
ALTER FUNCTION sender_activity() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION sender_activity() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sender_activity() TO terresante_app;

CREATE FUNCTION sender_hours()
RETURNS TABLE (sender_id uuid, hour timestamptz, message_type text, received bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH known AS (
        SELECT date_trunc('hour', now()) - interval '7 days' AS since,
            greatest((SELECT max(counted.hour) FROM interop_flowhour AS counted),
                     date_trunc('hour', now()) - interval '7 days') AS until
        WHERE app_kind() = 'professional' AND app_has_duty('administrator')
    )
    SELECT counted.sender_id, counted.hour, counted.message_type::text, counted.received::bigint
    FROM known JOIN interop_flowhour AS counted ON counted.hour >= known.since AND counted.hour < known.until
    UNION ALL
    SELECT sender.id, latest.hour, latest.message_type, latest.received
    FROM known CROSS JOIN interop_sendersystem AS sender CROSS JOIN LATERAL (
        SELECT date_trunc('hour', message.received_at) AS hour, message.message_type::text AS message_type,
            count(*) AS received
        FROM interop_inboundmessage AS message
        -- The first bound says nothing more than the second, but to the planner.
        WHERE message.sender_id = sender.id AND message.received_at >= date_trunc('hour', now()) - interval '7 days'
          AND message.received_at >= known.until
        GROUP BY 1, 2
    ) AS latest
$$;
ALTER FUNCTION sender_hours() OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION sender_hours() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sender_hours() TO terresante_app;

-- The mark of a refusal is its code, its condition and its place ("AE 101 PV1^1^19"), never a value.
CREATE FUNCTION sender_errors(asked uuid)
RETURNS TABLE (state text, outcome text, mark text, messages bigint, last_received_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT message.state::text, message.outcome::text,
        CASE WHEN message.state IN ('refused', 'unreadable') THEN coalesce(message.remarks[1], '') ELSE '' END,
        count(*), max(message.received_at)
    FROM interop_inboundmessage AS message
    WHERE message.sender_id = asked AND message.state IN ('doubtful', 'unreadable', 'refused', 'failed')
      AND message.received_at > now() - interval '7 days'
      AND app_kind() = 'professional' AND app_has_duty('administrator')
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5 DESC LIMIT 30
$$;
ALTER FUNCTION sender_errors(uuid) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION sender_errors(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sender_errors(uuid) TO terresante_app;
"""


class Migration(migrations.Migration):
    dependencies = [("interop", "0014_fhir_walls")]

    operations = [
        migrations.AddField(
            model_name="sendersystem",
            name="registered_at",
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sendersystem",
            name="silence_hours",
            field=models.PositiveSmallIntegerField(default=24),
        ),
        migrations.AddField(
            model_name="sendersystem",
            name="silence_told_for",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="FlowHour",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("message_type", models.CharField(blank=True, max_length=10)),
                ("received", models.PositiveIntegerField()),
                (
                    "sender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="interop.sendersystem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "sender", "message_type"), name="flow_hour_counted_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(fields=["sender", "received_at"], name="messages_of_sender"),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
