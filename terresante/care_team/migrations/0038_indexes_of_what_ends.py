from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

_INDEXES = (
    ("careteamparticipant", "expires_at", "participant_ends_at", Q(expires_at__isnull=False)),
    ("careteamparticipant", "reads_until", "participant_reads_until", Q(reads_until__isnull=False)),
    ("emergencyaccess", "expires_at", "emergency_ends_at", None),
)


class Migration(migrations.Migration):
    """Built while the platform writes: the circles of a region are read."""

    atomic = False

    dependencies = [("care_team", "0037_first_access_of_merged")]

    operations = [
        operation
        for model, field, name, condition in _INDEXES
        for operation in (
            # What a try that was cut off has left: an index that nothing may use.
            migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
            AddIndexConcurrently(model, models.Index(fields=[field], name=name, condition=condition)),
        )
    ]
