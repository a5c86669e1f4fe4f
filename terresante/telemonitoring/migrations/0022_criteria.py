"""What is confirmed of a person when she is enrolled."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0021_board_reading")]

    operations = [
        migrations.AddField(
            "followup",
            "criteria",
            models.JSONField(
                "critères confirmés", blank=True, default=list, db_default=Value([], models.JSONField())
            ),
        ),
    ]
