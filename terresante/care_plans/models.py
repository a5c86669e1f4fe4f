from django.db import models
from django.db.models import Q

from terresante.care_plans.definition import Definition, from_json
from terresante.care_plans.enums import (
    PROGRAMME_CHOICES,
    PROGRAMME_CLASSES,
    ChangeKind,
    InclusionState,
    LeaveReason,
    LegalGround,
    StepState,
    VersionStatus,
)
from terresante.care_team.enums import RoleGroup
from terresante.care_team.models import Limited
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient


class Programme(Row):
    """An organised pathway that one structure answers for; what it asks stands in its versions."""

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.PROTECT, related_name="programmes"
    )
    title = models.CharField("intitulé", max_length=120)
    legal_ground = models.CharField("cadre", max_length=20, choices=LegalGround.choices)
    # Of every inclusion in it: who reads that somebody is followed for this.
    data_class = models.CharField("qui lit", max_length=20, choices=PROGRAMME_CHOICES)
    # Closed, it includes nobody more; those who are in it go on.
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "programme"
        constraints = [
            models.CheckConstraint(
                condition=Q(data_class__in=PROGRAMME_CLASSES), name="programme_class_is_known"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="programme_has_a_title"),
        ]
        indexes = [models.Index(fields=["organization", "title"], name="programme_of_structure")]

    def __str__(self) -> str:
        return self.title


class ProgrammeVersion(Row):
    """What a programme asks, from its publication to the next (FHIR PlanDefinition); a trigger keeps it as it was."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    definition = models.JSONField()
    made_at = models.DateTimeField(auto_now_add=True)
    made_by_name = models.CharField(max_length=200)
    published_at = models.DateTimeField(null=True)
    published_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "version d’un programme"
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="programme_version_number"),
            models.UniqueConstraint(
                fields=["programme", "status"],
                condition=Q(status__in=[VersionStatus.DRAFT, VersionStatus.PUBLISHED]),
                name="one_draft_one_published",
            ),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.DRAFT) | Q(published_at__isnull=False),
                name="published_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.status}"

    def read(self) -> Definition:
        return from_json(self.definition)


class Inclusion(Limited):
    """One patient in one programme, on the version of that day (FHIR ResearchSubject); or the plan of care of a
    document that came: no programme, the steps that the circle took from it, and nothing to bill.

    Once at a time: `actions.include` locks the record. No constraint says it, for two identities of one person may each
    be in a programme when they are merged: a person then ends one of the two.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="inclusions")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="inclusions")
    programme = models.ForeignKey(Programme, null=True, on_delete=models.PROTECT, related_name="inclusions")
    version = models.ForeignKey(
        ProgrammeVersion, null=True, on_delete=models.PROTECT, related_name="inclusions"
    )
    # The key of the document that says the plan: documents stand beside, a policy of `health_record` holds it to the
    # same person.
    source_id = models.UUIDField(null=True)
    plan_title = models.CharField(max_length=160, blank=True, default="", db_default="")
    # What the structure in charge bills under: it names nobody outside the record.
    reference = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=10, choices=InclusionState.choices, default=InclusionState.ACTIVE)
    included_on = models.DateField()
    # As they were ticked.
    criteria = models.JSONField(default=list)
    author = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200)
    author_role = models.CharField(max_length=120)
    organization_name = models.CharField(max_length=200)
    left_on = models.DateField(null=True)
    left_because = models.CharField("raison", max_length=20, choices=LeaveReason.choices, blank=True)

    class Meta:
        verbose_name = "inclusion dans un programme"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=InclusionState.ACTIVE, left_on=None)
                | Q(state=InclusionState.LEFT, left_on__isnull=False) & ~Q(left_because=""),
                name="left_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    programme__isnull=False, version__isnull=False, source_id__isnull=True, plan_title=""
                )
                | Q(programme__isnull=True, version__isnull=True, source_id__isnull=False)
                & ~Q(plan_title=""),
                name="inclusion_of_a_programme_or_a_document",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-included_on"], name="inclusions_of_patient"),
            models.Index(fields=["programme", "-included_on"], name="inclusions_of_programme"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    @property
    def title(self) -> str:
        return self.plan_title if self.programme is None else self.programme.title

    @property
    def organizer(self) -> str:
        """The structure that answers for it: of its programme, else of who took it from its document."""
        return self.organization_name if self.programme is None else self.programme.organization.name

    @property
    def definition(self) -> Definition:
        """Of a plan, nothing: each of its steps was dated by somebody."""
        return Definition() if self.version is None else self.version.read()


class PlannedStep(Limited):
    """One step of one inclusion, as the version says it (FHIR CarePlan.activity); `round` counts its repetitions."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="planned_steps")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="planned_steps")
    inclusion = models.ForeignKey(Inclusion, on_delete=models.PROTECT, related_name="steps")
    key = models.CharField(max_length=10)
    round = models.PositiveSmallIntegerField(default=1)
    # In the order of the programme.
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    role = models.CharField("rôle responsable", max_length=20, choices=RoleGroup.choices)
    # Whom somebody gave it to, by name; else whoever of the circle has the role.
    responsible = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Code of a form; '' for none.
    form = models.CharField(max_length=40, blank=True)
    due_on = models.DateField()
    # Chosen by somebody: it no longer follows the others.
    is_moved = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=StepState.choices, default=StepState.PLANNED)
    done_on = models.DateField(null=True)
    done_by_name = models.CharField(max_length=200, blank=True)
    # Why it was not needed.
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "étape d’un parcours organisé"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "inclusion", "key", "round"], name="one_step_per_round"
            ),
            models.CheckConstraint(
                condition=Q(state=StepState.DONE, done_on__isnull=False)
                | ~Q(state=StepState.DONE) & Q(done_on=None),
                name="done_some_day",
            ),
            models.CheckConstraint(
                condition=~Q(state=StepState.NOT_NEEDED) | ~Q(reason=""), name="not_needed_for_a_reason"
            ),
        ]
        indexes = [
            # The late ones of many patients: what the home page asks.
            models.Index(
                fields=["patient", "due_on"], condition=Q(state=StepState.PLANNED), name="steps_waiting"
            ),
            models.Index(fields=["inclusion", "round", "position"], name="steps_of_inclusion"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.round} {self.state}"

    @property
    def is_planned(self) -> bool:
        return self.state == StepState.PLANNED

    @property
    def is_settled(self) -> bool:
        """Done, or said not to be needed."""
        return self.state in (StepState.DONE, StepState.NOT_NEEDED)


class PathwayChange(Row):
    """What somebody did in an inclusion, and why; only added to."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    inclusion = models.ForeignKey(Inclusion, on_delete=models.PROTECT, related_name="changes")
    step = models.ForeignKey(PlannedStep, null=True, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    at = models.DateTimeField(auto_now_add=True)
    by_name = models.CharField(max_length=200)
    by_role = models.CharField(max_length=120, blank=True)
    organization_name = models.CharField(max_length=200, blank=True)
    # The reason given, or the person it was given to.
    words = models.CharField(max_length=300, blank=True)
    before_on = models.DateField(null=True)
    after_on = models.DateField(null=True)

    class Meta:
        verbose_name = "changement d’un parcours organisé"
        indexes = [models.Index(fields=["inclusion", "-at"], name="changes_of_inclusion")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class InvoiceBatch(Row):
    """Sequences billed together; names nobody. Written by `invoice_sequences` alone."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    # Sequences complete by that day that no earlier batch had.
    until = models.DateField()
    sequences = models.PositiveIntegerField()
    # In cents.
    total = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=200)

    class Meta:
        verbose_name = "lot de facturation"
        constraints = [models.UniqueConstraint(fields=["programme", "number"], name="one_batch_per_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.made_at:%Y-%m-%d}"


class BillableSequence(Row):
    """A sequence whose steps are all done (FHIR ChargeItem), at the fee of its version. Billed once, in one batch."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    inclusion = models.ForeignKey(Inclusion, on_delete=models.PROTECT, related_name="sequences")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=10)
    round = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=120)
    # In cents.
    fee = models.PositiveIntegerField()
    completed_on = models.DateField()
    batch = models.ForeignKey(InvoiceBatch, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "séquence facturable"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "inclusion", "key", "round"], name="one_sequence_per_round"
            )
        ]
        indexes = [
            models.Index(fields=["programme", "completed_on"], name="sequences_of_programme"),
            models.Index(fields=["programme"], condition=Q(batch=None), name="sequences_to_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.round} {self.completed_on}"
