"""Who came to a record for the first time, and what its patient contests of its accesses."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from terresante.care_team.enums import ComplaintState
from terresante.care_team.models.limits import Restricted
from terresante.kernel.models import Row
from terresante.patients.models import Patient


class FirstAccess(Restricted):
    """The first time one professional read or changed one record, told to its patient (DOMAIN.md 2.1).

    Written from the committed trail by `gather_accesses` alone: no page counts, and a second reading finds its row.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    organization_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "premier accès"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "practitioner"], name="one_first_access_per_professional"
            )
        ]
        indexes = [models.Index(fields=["patient", "-at"], name="first_accesses_of_patient")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class AccessComplaint(Row):
    """An access that a patient does not understand, put before the privacy officer, and the answer.

    It holds the line of the access and initials, so that the officer needs nothing of the record.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    patient_initials = models.CharField(max_length=8)
    patient_birth_year = models.PositiveSmallIntegerField()
    # Of the trail: (entry, patient) is contested once.
    entry_id = models.UUIDField()
    accessed_at = models.DateTimeField()
    accessor_name = models.CharField(max_length=200)
    accessor_role = models.CharField(max_length=120, blank=True)
    organization_name = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=20)
    # Code of the action.
    done = models.CharField(max_length=60)
    made_at = models.DateTimeField(default=timezone.now)
    made_by_name = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=ComplaintState.choices, default=ComplaintState.OPEN)
    answer = models.CharField("réponse", max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "accès contesté"
        constraints = [
            models.UniqueConstraint(fields=["patient", "entry_id"], name="access_contested_once"),
            models.CheckConstraint(
                condition=Q(state=ComplaintState.OPEN, answered_at__isnull=True)
                | ~Q(state=ComplaintState.OPEN) & ~Q(answer="") & Q(answered_at__isnull=False),
                name="a_complaint_is_closed_by_an_answer",
            ),
        ]
        indexes = [models.Index(fields=["state", "-made_at"], name="complaints_to_answer")]

    def __str__(self) -> str:
        return f"{self.state} {self.made_at:%Y-%m-%d %H:%M}"
