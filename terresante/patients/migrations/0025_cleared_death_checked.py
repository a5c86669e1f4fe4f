from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("patients", "0024_cleared_death")]

    operations = [ValidateConstraint(model_name="patient", name="cleared_death_is_noted_no_more")]
