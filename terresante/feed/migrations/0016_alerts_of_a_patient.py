from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Built while the platform writes: a hundred million facts are read."""

    atomic = False

    dependencies = [("feed", "0015_programmes")]

    operations = [
        # What a try that was cut off has left: an index that nothing may use.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS feed_alerts", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "feeditem",
            models.Index(fields=["patient", "-recorded_at"], name="feed_alerts", condition=Q(is_alert=True)),
        ),
    ]
