from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from terresante.care_team.enums import Basis, ComplaintState, ConsentKind, TeamRole
from terresante.directory.models import PractitionerRole
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient

EMERGENCY_LASTS = timedelta(hours=4)


class CareTeamParticipant(Row):
    """One period of one member in the circle of one patient; somebody who comes back gets a second row."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="participants")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="participants")
    practitioner = models.ForeignKey(
        "directory.Practitioner",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="participations",
    )
    organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="participations",
    )
    member_id = models.GeneratedField(
        expression=Coalesce("practitioner_id", "organization_id"),
        output_field=models.UUIDField(),
        db_persist=True,
    )
    role = models.CharField("rôle", max_length=20, choices=TeamRole.choices, default=TeamRole.MEMBER)
    basis = models.CharField("au titre de", max_length=20, choices=Basis.choices)
    started_at = models.DateTimeField("depuis", default=timezone.now)
    ended_at = models.DateTimeField("jusqu’à", null=True, blank=True)
    # Set by an opposition for every member at once, cleared if it is withdrawn: policies look at this row only.
    suspended_at = models.DateTimeField(null=True, blank=True)
    added_by_name = models.CharField(max_length=200)
    ended_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "membre du cercle"
        constraints = [
            models.CheckConstraint(
                condition=Q(practitioner__isnull=False, organization__isnull=True)
                | Q(practitioner__isnull=True, organization__isnull=False),
                name="member_is_a_person_or_a_structure",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="leaves_after_joining",
            ),
            models.UniqueConstraint(
                fields=["patient", "member_id"],
                condition=Q(ended_at__isnull=True),
                name="one_open_period_per_member",
            ),
            models.UniqueConstraint(
                fields=["patient", "role"],
                condition=Q(ended_at__isnull=True, role__in=[TeamRole.ATTENDING, TeamRole.REFERENT]),
                name="one_attending_and_one_referent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member_id", "patient"],
                condition=Q(ended_at__isnull=True, suspended_at__isnull=True),
                name="participant_of_member",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.started_at:%Y-%m-%d}"

    @property
    def name(self) -> str:
        if self.practitioner is not None:
            return self.practitioner.full_name
        return str(self.organization)

    @property
    def phone(self) -> str:
        """His own number, else that of where he works; prefetch his roles."""
        if self.practitioner is None:
            return self.organization.phone if self.organization is not None else ""
        numbers = [self.practitioner.phone, *(role.phone for role in self._open_roles())]
        return next((number for number in numbers if number), "")

    @property
    def work_place(self) -> str:
        return next((role.organization.name for role in self._open_roles()), "")

    def _open_roles(self) -> list[PractitionerRole]:
        roles = self.practitioner.roles.all() if self.practitioner is not None else []
        return [role for role in roles if role.period_end is None]


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

    class Meta:
        verbose_name = "choix du patient"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(withdrawn_at__isnull=True, practitioner__isnull=True),
                name="one_open_choice_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.given_at:%Y-%m-%d}"


class EmergencyAccess(Row):
    """Bris de glace: four hours of reading, with a reason, told to those concerned, reviewed (L1111-17 CSP)."""

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

    class Meta:
        verbose_name = "accès en urgence"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("opened_at") + EMERGENCY_LASTS),
                name="emergency_lasts_four_hours",
            )
        ]
        indexes = [
            models.Index(fields=["practitioner", "patient", "expires_at"], name="emergency_of_practitioner")
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}"


class FirstAccess(Row):
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
