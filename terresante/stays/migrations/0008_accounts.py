from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("stays", "0007_other_names")]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="accounts",
            field=models.JSONField(db_default=Value([], models.JSONField()), default=list),
        ),
    ]
