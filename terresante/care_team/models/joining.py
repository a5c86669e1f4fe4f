"""Who asks to come into a circle, and who is asked to: neither row opens anything to anybody."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.care_team.enums import JoinReason, JoinState
from terresante.care_team.models.limits import Restricted
from terresante.directory.enums import Profession
from terresante.patients.models import CareRecord, Patient

JOIN_WITHIN = timedelta(days=30)
INVITED_FOR = timedelta(days=7)


class JoinRequest(Restricted):
    """A professional asks the circle and the patient to let him in. Written by functions of the database; who answers
    is in the trail only, so that who asked learns of no member.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("raison", max_length=12, choices=JoinReason.choices)
    words = models.CharField("précision", max_length=300, blank=True, default="")
    # Not asked by himself: somebody of the circle invited him.
    is_invited = models.BooleanField(default=False)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=JoinState.choices, default=JoinState.ASKED)
    answer = models.CharField("réponse", max_length=300, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "demande à rejoindre un cercle"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "practitioner"],
                condition=Q(state=JoinState.ASKED),
                name="one_request_waits_per_professional",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("asked_at") + JOIN_WITHIN), name="request_waits_thirty_days"
            ),
        ]
        indexes = [
            models.Index(fields=["practitioner", "-asked_at"], name="join_requests_of"),
            models.Index(
                fields=["patient"], condition=Q(state=JoinState.ASKED), name="join_requests_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.asked_at:%Y-%m-%d}"

    @property
    def why(self) -> str:
        words = self.words.rstrip(". ")
        if self.reason == JoinReason.OTHER:
            return words
        label = JoinReason(self.reason).said.capitalize()
        return f"{label}. {words}" if words else label

    @property
    def is_waiting(self) -> bool:
        return self.state == JoinState.ASKED and self.expires_at > timezone.now()


class CircleInvitation(Restricted):
    """A professional who is not on the platform, asked to come by a link of seven days that serves once."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    family_name = models.CharField("nom", max_length=100)
    given_name = models.CharField("prénom", max_length=100)
    profession = models.CharField("profession", max_length=8, choices=Profession.choices)
    email = models.EmailField("adresse professionnelle")
    # Else he is proposed to the circle, once he is here.
    joins = models.BooleanField(default=False)
    reason = models.CharField("raison", max_length=12, choices=JoinReason.choices)
    words = models.CharField("précision", max_length=300, blank=True, default="")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    invited_by_name = models.CharField(max_length=200)
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "invitation d’un professionnel"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("invited_at") + INVITED_FOR), name="invited_for_seven_days"
            )
        ]
        indexes = [
            models.Index(fields=["patient", "-invited_at"], name="invitations_of_patient"),
            models.Index(fields=["email"], condition=Q(used_at=None), name="invitations_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.profession} {self.invited_at:%Y-%m-%d}"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def is_waiting(self) -> bool:
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()
