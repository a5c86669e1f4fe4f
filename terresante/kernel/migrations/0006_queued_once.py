from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_narrow_trail")]

    operations = [
        migrations.AlterField("outboundmessage", "dedupe_key", models.CharField(max_length=120)),
        migrations.AddConstraint(
            "outboundmessage", models.UniqueConstraint(fields=["dedupe_key"], name="queued_once")
        ),
    ]
