from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0019_pauses")]

    operations = [
        ValidateConstraint(model_name="followup", name="only_what_is_suspended_resumes"),
        migrations.AddField(
            "followup",
            "outside_words",
            models.CharField("hors du parcours", blank=True, default="", max_length=300),
        ),
    ]
