"""What the person opposes or consents to."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from terresante.care_team.enums import (
    ConsentGround,
    ConsentKind,
    ConsentSupport,
    DataClass,
    RecipientCategory,
)
from terresante.kernel.models import Row
from terresante.patients.models import Patient


class Consent(Row):
    """An opposition or a consent of the patient, with its proof; withdrawn rather than deleted."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=30, choices=ConsentKind.choices)
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    recorded_by_name = models.CharField(max_length=200)
    # Whom a consent outside the team is for.
    practitioner = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proof = models.CharField("preuve", max_length=200, blank=True)
    support = models.CharField(max_length=12, choices=ConsentSupport.choices, blank=True, db_default="")
    ground = models.CharField(
        max_length=12,
        choices=ConsentGround.choices,
        default=ConsentGround.GIVEN,
        db_default=ConsentGround.GIVEN,
    )
    # Of a consent outside the team: the categories of data and of professional that the person was told (D1110-3-1).
    scope = ArrayField(models.CharField(max_length=20, choices=DataClass.choices), null=True, blank=True)
    category = models.CharField(max_length=10, choices=RecipientCategory.choices, blank=True, db_default="")
    expires_at = models.DateTimeField("valable jusqu’au", null=True, blank=True)
    # When nobody could be asked: the day by which the person is told, and when and by whom that was done.
    inform_by = models.DateField("à informer avant le", null=True, blank=True)
    informed_at = models.DateTimeField(null=True, blank=True)
    informed_by_name = models.CharField(max_length=200, blank=True, db_default="")
    withdrawn_by_name = models.CharField(max_length=200, blank=True, db_default="")
    withdrawal_proof = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = "choix du patient"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(withdrawn_at__isnull=True, practitioner__isnull=True),
                name="one_open_choice_per_kind",
            ),
            models.CheckConstraint(
                condition=Q(ground=ConsentGround.GIVEN) | Q(inform_by__isnull=False),
                name="who_was_not_asked_is_told_later",
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient"],
                condition=Q(inform_by__isnull=False, informed_at__isnull=True, withdrawn_at__isnull=True),
                name="persons_to_inform",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.given_at:%Y-%m-%d}"

    @property
    def scope_words(self) -> str:
        return ", ".join(DataClass(value).label.lower() for value in self.scope or ())

    @property
    def last_day(self) -> date | None:
        """The end given, that day included."""
        return timezone.localdate(self.expires_at - timedelta(seconds=1)) if self.expires_at else None
