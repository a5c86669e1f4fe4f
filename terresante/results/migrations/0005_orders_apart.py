from django.db import migrations, models


class Migration(migrations.Migration):
    """True of the reports that are there already; none is written for it (PostgreSQL keeps the constant)."""

    dependencies = [("results", "0004_of_a_stay")]

    operations = [
        migrations.AddField(
            model_name="diagnosticreport",
            name="may_hold_others",
            field=models.BooleanField(default=True),
        ),
        migrations.AlterField(
            model_name="diagnosticreport",
            name="may_hold_others",
            field=models.BooleanField(default=False),
        ),
    ]
