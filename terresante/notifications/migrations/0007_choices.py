import django.db.models.deletion
import terresante.kernel.ids
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

CHANNELS = [
    ("app", "À l’écran"),
    ("push", "Appareils"),
    ("email", "Courriel"),
    ("sms", "SMS"),
    ("digest", "Résumé du jour"),
]


class Migration(migrations.Migration):
    """What people had chosen for e-mails stays: the same rows, with more to choose."""

    dependencies = [
        ("notifications", "0006_push_subscriptions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameModel("EmailPreference", "NotificationPreference"),
        migrations.AlterModelOptions(
            "notificationpreference", {"verbose_name": "réglages des notifications"}
        ),
        migrations.AddField("notificationpreference", "channels", models.JSONField(default=dict)),
        migrations.AddField("notificationpreference", "quiet_from", models.TimeField(null=True)),
        migrations.AddField("notificationpreference", "quiet_until", models.TimeField(null=True)),
        migrations.AddField(
            "notificationpreference",
            "digest_hour",
            models.PositiveSmallIntegerField(default=18, db_default=18),
        ),
        migrations.AddConstraint(
            "notificationpreference",
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_begin_and_end",
            ),
        ),
        migrations.AddConstraint(
            "notificationpreference",
            models.CheckConstraint(condition=Q(digest_hour__lt=24), name="digest_at_an_hour"),
        ),
        migrations.CreateModel(
            name="HeldNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=terresante.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("channel", models.CharField(choices=CHANNELS, max_length=6)),
                ("event_key", models.CharField(max_length=120)),
                ("due_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification retenue",
                "indexes": [
                    models.Index(condition=Q(released_at=None), fields=["due_at"], name="notices_held"),
                    models.Index(fields=["released_at"], name="notices_told"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["user", "channel", "event_key"], name="told_once_by_channel"
                    )
                ],
            },
        ),
    ]
