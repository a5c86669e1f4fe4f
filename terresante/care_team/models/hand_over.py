"""Patients whom a professional hands over to a colleague."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.care_team.enums import HandOverKind, HandOverState, TeamRole
from terresante.care_team.models.circle import CareTeamParticipant
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient


class HandOver(Row):
    """Somebody proposes that a colleague takes over his patients, for good or until a day; nothing moves before that
    colleague accepts. Written by functions only.
    """

    giver = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    # Where the giver works: its administrator and its coordinators follow what is not answered.
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=HandOverKind.choices)
    returns_on = models.DateField("retour le", null=True, blank=True)
    proposed_at = models.DateTimeField(default=timezone.now)
    proposed_by_name = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    # The one that brings the patients of a leave back.
    return_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="returned_by"
    )

    class Meta:
        verbose_name = "relais"
        constraints = [
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="hand_over_to_somebody_else"),
            models.CheckConstraint(
                condition=Q(kind=HandOverKind.LEAVE, returns_on__isnull=False)
                | ~Q(kind=HandOverKind.LEAVE) & Q(returns_on__isnull=True),
                name="leave_has_its_end",
            ),
        ]
        indexes = [
            models.Index(fields=["taker", "-proposed_at"], name="hand_over_of_taker"),
            models.Index(fields=["giver", "-proposed_at"], name="hand_over_of_giver"),
            models.Index(fields=["organization", "-proposed_at"], name="hand_over_of_structure"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.proposed_at:%Y-%m-%d}"

    @property
    def is_expired(self) -> bool:
        return timezone.now() > self.expires_at


class HandOverItem(Row):
    """One patient of a hand-over: the period that ends if it is accepted, and the one that begins."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.PROTECT, related_name="items")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    given = models.ForeignKey(CareTeamParticipant, on_delete=models.PROTECT, related_name="+")
    taken = models.ForeignKey(CareTeamParticipant, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=TeamRole.choices)
    state = models.CharField(max_length=10, choices=HandOverState.choices, default=HandOverState.PROPOSED)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "patient d’un relais"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "given"],
                condition=Q(state=HandOverState.PROPOSED),
                name="proposed_to_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.state}"
