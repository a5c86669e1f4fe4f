"""Who is in the circle of a person, and whom she or a sector lets know what is restricted."""

from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from terresante.care_team.enums import Basis, DataClass, JoinReason, Sector, TeamRole
from terresante.care_team.models.limits import Restricted
from terresante.directory.models import PractitionerRole
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient

# A consent that has reached its end: its professional is out, whether or not somebody has said so since.
LASTING = Q(expires_at=None) | Q(expires_at__gt=Now())


class CareTeamParticipant(Restricted):
    """One period of one member in one circle, itself a secret with a sector; who comes back gets a second row."""

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
    # Why he came, as the circle and the person read it.
    reason = models.CharField(
        "a rejoint le cercle parce que",
        max_length=12,
        choices=JoinReason.choices,
        blank=True,
        default="",
        db_default="",
    )
    reason_words = models.CharField("précision", max_length=300, blank=True, default="", db_default="")
    # Of a member for a time, `started_at` may be to come; from `expires_at` on he is out, whether or not it was said.
    started_at = models.DateTimeField("depuis", default=timezone.now)
    ended_at = models.DateTimeField("jusqu’à", null=True, blank=True)
    # Set by an opposition for every member at once, cleared if it is withdrawn: policies look at this row only.
    suspended_at = models.DateTimeField(null=True, blank=True)
    # Of a member by consent: the classes consented to (none: every one of his profession), and until when.
    scope = ArrayField(models.CharField(max_length=20, choices=DataClass.choices), null=True, blank=True)
    expires_at = models.DateTimeField("valable jusqu’au", null=True, blank=True)
    added_by_name = models.CharField(max_length=200)
    # He knows of the member he brought, whatever the sector; of nothing that member writes.
    added_by = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_reason = models.CharField(max_length=200, blank=True)
    # Set by a hand-over, on the period it ended: he still reads until then, and writes nothing.
    reads_until = models.DateTimeField(null=True, blank=True)

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
            ),
            models.Index(
                fields=["practitioner", "patient"],
                condition=Q(reads_until__isnull=False),
                name="participant_reads_on",
            ),
            # What ended since one looked last: `jobs.tell_of_endings`.
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="participant_ends_at"
            ),
            models.Index(
                fields=["reads_until"],
                condition=Q(reads_until__isnull=False),
                name="participant_reads_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.started_at:%Y-%m-%d}"

    @property
    def name(self) -> str:
        if self.practitioner is not None:
            return self.practitioner.full_name
        return str(self.organization)

    def told(self) -> dict[str, Any]:
        """As the events of his coming and of his leaving name him, and who may know."""
        return {
            "patient_id": self.patient_id,
            "object_id": self.pk,
            "member_id": self.member_id,
            "data_class": DataClass.CIRCLE,
            "sector": self.sector,
            "restricted_to_id": self.restricted_to_id,
        }

    @property
    def has_begun(self) -> bool:
        return self.started_at <= timezone.now()

    @property
    def last_day(self) -> date | None:
        """Of a member for a time: that day included."""
        return timezone.localdate(self.expires_at - timedelta(seconds=1)) if self.expires_at else None

    @property
    def why(self) -> str:
        """« a rejoint le cercle : … »: the reason of the list, or the words of another."""
        if self.reason == JoinReason.OTHER:
            return self.reason_words
        label = JoinReason(self.reason).said if self.reason else ""
        return f"{label} ({self.reason_words})" if label and self.reason_words else label

    @property
    def phone(self) -> str:
        """His own number, else that of where he works; prefetch his roles."""
        if self.practitioner is None:
            return self.organization.phone if self.organization is not None else ""
        numbers = [self.practitioner.phone, *(role.phone for role in self._open_roles())]
        return next((number for number in numbers if number), "")

    @property
    def mail(self) -> str:
        """Of a person, his address in the secure messaging of health (MSSanté), as the directory publishes it."""
        if self.practitioner is not None:
            return self.practitioner.mssante_email
        return self.organization.email if self.organization is not None else ""

    @property
    def work_place(self) -> str:
        return next((role.organization.name for role in self._open_roles()), "")

    def _open_roles(self) -> list[PractitionerRole]:
        roles = self.practitioner.roles.all() if self.practitioner is not None else []
        return [role for role in roles if role.period_end is None]


class NamedReader(Row):
    """Somebody of the circle who may know what a sector keeps restricted about one patient, until it is withdrawn.

    Named by the patient, for the whole sector, or by a professional of the sector, for what his own structure
    (`restricted_to`) does.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    sector = models.CharField(max_length=12, choices=Sector.choices)
    restricted_to = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    practitioner = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    organization = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    member_id = models.GeneratedField(
        expression=Coalesce("practitioner_id", "organization_id"),
        output_field=models.UUIDField(),
        db_persist=True,
    )
    named_at = models.DateTimeField(default=timezone.now)
    named_by_name = models.CharField(max_length=200)
    is_named_by_patient = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "personne nommée"
        constraints = [
            models.CheckConstraint(
                condition=Q(practitioner__isnull=False, organization__isnull=True)
                | Q(practitioner__isnull=True, organization__isnull=False),
                name="named_is_a_person_or_a_structure",
            ),
            models.UniqueConstraint(
                fields=["patient", "member_id", "sector", "restricted_to"],
                condition=Q(withdrawn_at__isnull=True),
                nulls_distinct=False,
                name="named_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sector} {self.named_at:%Y-%m-%d}"

    @property
    def name(self) -> str:
        if self.practitioner is not None:
            return self.practitioner.full_name
        return str(self.organization)
