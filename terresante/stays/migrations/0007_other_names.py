from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("stays", "0006_limits")]

    operations = [
        migrations.AddField(
            model_name="encountermovement",
            name="other_names",
            field=models.JSONField(db_default=Value([], models.JSONField()), default=list),
        ),
    ]
