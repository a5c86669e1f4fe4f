from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from terresante.care_team.enums import (
    Basis,
    ConsentGround,
    ConsentKind,
    ConsentSupport,
    Consequence,
    DataClass,
    HandOverKind,
    HandOverState,
    JoinReason,
    RecipientCategory,
    ReviewOutcome,
    Sector,
    TeamRole,
    UrgentKind,
)
from terresante.directory.models import PractitionerRole
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient

EMERGENCY_LASTS = timedelta(hours=4)
# A consent that has reached its end: its professional is out, whether or not somebody has said so since.
LASTING = Q(expires_at=None) | Q(expires_at__gt=Now())
# Of the privacy officer from the opening, then of the professional from the question.
REVIEW_WITHIN = timedelta(days=7)
EXPLAIN_WITHIN = timedelta(days=7)


class Restricted(Row):
    """With a `sector`, its own structure (`restricted_to`), those of the circle who share the sector, the persons named
    (`NamedReader`) and the patient know that the row exists, and nobody else.
    """

    sector = models.CharField(max_length=12, choices=Sector.choices, blank=True, default="", db_default="")
    restricted_to = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True


class Limited(Restricted):
    """A row about a patient with the limits of its reading: `access.shares` and `protect_limits` hold each of them."""

    private_to = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    private_to_person = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden_from_patient = models.BooleanField(default=False)
    hidden_from_representative = models.BooleanField(default=False, db_default=False)
    data_class = models.CharField(max_length=20, choices=DataClass.choices)

    class Meta:
        abstract = True

    def limits(self) -> dict[str, Any]:
        """As events and facts carry them, its class with them."""
        return {
            "data_class": self.data_class,
            "private_to_id": self.private_to_id,
            "private_to_person_id": self.private_to_person_id,
            "hidden_from_patient": self.hidden_from_patient,
            "hidden_from_representative": self.hidden_from_representative,
            "sector": self.sector,
            "restricted_to_id": self.restricted_to_id,
        }


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
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.started_at:%Y-%m-%d}"

    @property
    def name(self) -> str:
        if self.practitioner is not None:
            return self.practitioner.full_name
        return str(self.organization)

    @property
    def has_begun(self) -> bool:
        return self.started_at <= timezone.now()

    @property
    def last_day(self) -> date | None:
        """Of a member for a time: that day included."""
        return timezone.localdate(self.expires_at - timedelta(seconds=1)) if self.expires_at else None

    @property
    def why(self) -> str:
        """« a rejoint le cercle parce que… »: the reason of the list, or the words of another."""
        if self.reason == JoinReason.OTHER:
            return self.reason_words
        said = self.get_reason_display() if self.reason else ""
        label = said[:1].lower() + said[1:]
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
            return f"{self.practitioner.title} {self.practitioner}".strip()
        return str(self.organization)


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
            models.Index(fields=["practitioner", "patient", "expires_at"], name="emergency_of_practitioner")
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
