import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemonitoring", "0014_places"), ("patients", "0022_carers_answer")]

    operations = [
        migrations.AddField(
            "followup",
            "carer",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.relatedperson",
            ),
        ),
    ]
