from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0011_push_channel")]

    operations = [
        migrations.AlterField(
            model_name="outboundmessage",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "courriel"),
                    ("sms", "SMS"),
                    ("push", "notification d’un appareil"),
                    ("peer", "message vers un autre logiciel"),
                ],
                db_default="email",
                default="email",
                max_length=5,
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("channel", "peer")),
                fields=["recipient", "created_at"],
                name="outbound_of_peer",
            ),
        ),
    ]
