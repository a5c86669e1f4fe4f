from django.conf import settings
from django.db import models
from django.db.models import F, Q

from terresante.accounts.models import KnownDevice
from terresante.kernel.models import Row
from terresante.notifications.choices import DIGEST_HOUR, Wishes
from terresante.notifications.enums import Channel


class NotificationPreference(Row):
    """How somebody wants to be told; no row means the defaults (choices.py)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    own_circle = models.BooleanField("patients dont je suis membre du cercle", default=True)
    my_structure = models.BooleanField("patients suivis par ma structure", default=False)
    # Notice → channels; a notice that is not there follows its default.
    channels = models.JSONField(default=dict)
    # Hours of Paris; from the first until the second, the next day when it is earlier.
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    digest_hour = models.PositiveSmallIntegerField(default=DIGEST_HOUR, db_default=DIGEST_HOUR)

    class Meta:
        verbose_name = "réglages des notifications"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(condition=Q(digest_hour__lt=24), name="digest_at_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.own_circle} {self.my_structure}"

    @property
    def wishes(self) -> Wishes:
        return Wishes(
            channels=self.channels,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            digest_hour=self.digest_hour,
            own_circle=self.own_circle,
            my_structure=self.my_structure,
        )


class HeldNotice(Row):
    """Something that somebody will be told of later: at the end of his quiet hours, or in the summary of the day.

    Kept a week after it was told, so that the same event repeated is not told again. It says of what by keys only.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=6, choices=Channel.choices)
    event_key = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "notification retenue"
        constraints = [
            models.UniqueConstraint(fields=["user", "channel", "event_key"], name="told_once_by_channel")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(released_at=None), name="notices_held"),
            models.Index(fields=["released_at"], name="notices_told"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.due_at:%Y-%m-%d %H:%M}"


class PushSubscription(Row):
    """Where a browser may be told that something waits, while its owner has not logged out of it.

    Neither of its secrets reads anything: they only seal what is sent to this browser.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # A device forgotten is told nothing any more.
    device = models.OneToOneField(KnownDevice, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=80)
    endpoint = models.CharField(max_length=1000, unique=True)
    # RFC 8291: the browser's public point (p256dh) and its authentication secret.
    point = models.BinaryField(max_length=65)
    auth = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    last_success_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "appareil alerté"

    def __str__(self) -> str:
        return self.words
