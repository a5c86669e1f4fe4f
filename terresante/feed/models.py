from django.conf import settings
from django.db import models
from django.db.models import Q

from terresante.care_team.models import Limited
from terresante.feed.enums import FeedKind
from terresante.kernel.models import Row
from terresante.patients.models import Patient


class FeedItem(Limited):
    """One notable fact about a patient: who may know of it and when, never what it says (DESIGN.md 3)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30, choices=FeedKind.choices)
    object_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Its own author has nothing new to read.
    author_id = models.UUIDField(null=True)
    is_alert = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "object_id", "kind"], name="fact_told_once")
        ]
        indexes = [
            models.Index(fields=["patient", "-recorded_at"], name="feed_news"),
            # Counted on every page, among facts that mostly are none.
            models.Index(fields=["patient", "-recorded_at"], name="feed_alerts", condition=Q(is_alert=True)),
            models.Index(fields=["patient", "-occurred_at"], name="feed_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class ReadCursor(Row):
    """How far somebody has read one patient's feed (by `recorded_at`), and when he last visited.

    A visit lasts while its pages follow each other; `previous_visit_at` is the end of the one before it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    read_up_to = models.DateTimeField()
    visited_at = models.DateTimeField(null=True)
    previous_visit_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "user"], name="one_cursor_per_patient_and_user")
        ]
        indexes = [models.Index(fields=["user", "patient"], name="cursor_of_user")]

    def __str__(self) -> str:
        return f"{self.read_up_to:%Y-%m-%d %H:%M}"


class ReadException(Row):
    """An item read out of order, or marked unread again, against its patient's cursor."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(FeedItem, on_delete=models.CASCADE, related_name="exceptions")
    is_read = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "user", "item"], name="one_exception_per_item")
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.is_read}"
