"""A record opened in emergency, and what is thought of it afterwards."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.care_team.enums import Consequence, ReviewOutcome, UrgentKind
from terresante.kernel.models import Row
from terresante.patients.models import Patient

EMERGENCY_LASTS = timedelta(hours=4)
# Of the privacy officer from the opening, then of the professional from the question.
REVIEW_WITHIN = timedelta(days=7)
EXPLAIN_WITHIN = timedelta(days=7)


class EmergencyAccess(Row):
    """Bris de glace, or a call to a SAMU: four hours of reading, with a reason, told to those concerned, reviewed
    (L1111-17 CSP).
    """

    kind = models.CharField(
        max_length=12,
        choices=UrgentKind.choices,
        default=UrgentKind.BREAK_GLASS,
        db_default=UrgentKind.BREAK_GLASS,
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="emergency_accesses")
    practitioner = models.ForeignKey(
        "directory.Practitioner", on_delete=models.PROTECT, related_name="emergency_accesses"
    )
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("motif", max_length=500)
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by_name = models.CharField(max_length=200, blank=True, db_default="")
    review_note = models.CharField("conclusion", max_length=500, blank=True, db_default="")
    outcome = models.CharField(
        max_length=12, choices=ReviewOutcome.choices, blank=True, default="", db_default=""
    )
    # What the officer asked the professional, and his answer.
    asked_at = models.DateTimeField(null=True, blank=True)
    question = models.CharField("question", max_length=500, blank=True, default="", db_default="")
    explained_at = models.DateTimeField(null=True, blank=True)
    explanation = models.CharField("explication", max_length=1000, blank=True, default="", db_default="")
    consequence = models.CharField(
        "suite", max_length=12, choices=Consequence.choices, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = "accès en urgence"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("opened_at") + EMERGENCY_LASTS),
                name="emergency_lasts_four_hours",
            ),
            models.CheckConstraint(
                condition=Q(outcome=ReviewOutcome.UNJUSTIFIED) | Q(consequence=""),
                name="consequence_of_unjustified",
            ),
        ]
        indexes = [
            models.Index(fields=["practitioner", "patient", "expires_at"], name="emergency_of_practitioner"),
            models.Index(fields=["expires_at"], name="emergency_ends_at"),
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def review_due_at(self) -> datetime:
        """Until when somebody must act: the officer, or the professional who was asked."""
        if self.outcome == ReviewOutcome.TO_EXPLAIN and self.asked_at and self.explained_at is None:
            return self.asked_at + EXPLAIN_WITHIN
        return (self.explained_at or self.opened_at) + REVIEW_WITHIN

    @property
    def awaits_explanation(self) -> bool:
        return (
            self.outcome == ReviewOutcome.TO_EXPLAIN
            and self.explained_at is None
            and self.reviewed_at is None
        )

    @property
    def is_late(self) -> bool:
        return self.reviewed_at is None and timezone.now() > self.review_due_at
