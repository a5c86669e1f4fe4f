from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_outbound_channel")]

    operations = [
        migrations.AlterField("outboundmessage", "dedupe_key", models.CharField(max_length=120)),
        migrations.AddConstraint(
            "outboundmessage", models.UniqueConstraint(fields=["dedupe_key"], name="queued_once")
        ),
    ]
