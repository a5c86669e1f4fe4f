"""What tells a result from the others of the same code in its report."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("results", "0005_orders_apart")]

    operations = [
        migrations.AddField(
            model_name="labobservation",
            name="sub_identifier",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        )
    ]
