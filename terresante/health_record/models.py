from django.db import models
from django.db.models import F, Q

from terresante.care_team.enums import DataClass
from terresante.care_team.models import Limited
from terresante.health_record.enums import (
    DETAIL_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    LIMITS_OF_CARE,
    MEASURED,
    AllergyCategory,
    ClinicalStatus,
    Criticality,
    DecidedBy,
    DirectiveKind,
    DirectiveState,
    MeasureCode,
    Origin,
    Verification,
)
from terresante.kernel.ui import wording
from terresante.patients.models import CareRecord, Patient


class HealthLine(Limited):
    """One version of one line of the health record. Every change is a row of its own, which `replaces` the one before:
    nothing is rewritten, nothing is deleted.

    `origin` and `asserted_…` say who first said it, and stay; `author_…` who wrote this version, as he was then.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    set_id = models.UUIDField()
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)
    origin = models.CharField("origine", max_length=20, choices=Origin.choices)
    asserted_by_name = models.CharField(max_length=200)
    asserted_by_role = models.CharField(max_length=120, blank=True)
    asserted_at = models.DateTimeField()
    verification_status = models.CharField(max_length=20, choices=Verification.choices)
    # Nobody's key when the person wrote it herself.
    author = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_name = models.CharField(max_length=200)
    author_role = models.CharField(max_length=120, blank=True)
    organization = models.ForeignKey(
        "directory.Organization", null=True, on_delete=models.PROTECT, related_name="+"
    )
    organization_name = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Why this version: what was wrong in the one before, or why it is refuted.
    reason = models.CharField("motif", max_length=300, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(data_class=DataClass.MEDICAL), name="%(class)s_is_medical"),
            models.CheckConstraint(
                condition=Q(author__isnull=False) | Q(verification_status=Verification.UNCONFIRMED),
                name="%(class)s_is_vouched_for_by_a_professional",
            ),
            models.UniqueConstraint(fields=["patient", "set_id", "version"], name="%(class)s_versions"),
            models.UniqueConstraint(fields=["patient", "replaces"], name="%(class)s_replaced_once"),
        ]
        indexes = [
            models.Index(
                fields=["patient", "-asserted_at"], condition=Q(is_current=True), name="%(class)s_now"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.version})"

    @property
    def is_unconfirmed(self) -> bool:
        return self.verification_status == Verification.UNCONFIRMED

    @property
    def is_dismissed(self) -> bool:
        """Kept for its history only: refuted, or written by mistake."""
        return self.verification_status in (Verification.REFUTED, Verification.ENTERED_IN_ERROR)

    @property
    def is_over(self) -> bool:
        return False

    @property
    def label(self) -> str:
        """What the line says, in its own words."""
        raise NotImplementedError

    @property
    def detail(self) -> str:
        return ""


class AllergyIntolerance(HealthLine):
    substance = models.CharField("allergie à", max_length=LABEL_MAX_LENGTH)
    category = models.CharField("famille", max_length=20, choices=AllergyCategory.choices)
    criticality = models.CharField("gravité", max_length=20, choices=Criticality.choices)
    clinical_status = models.CharField("état", max_length=10, choices=ClinicalStatus.choices)
    reaction = models.CharField("réaction", max_length=DETAIL_MAX_LENGTH, blank=True)

    class Meta(HealthLine.Meta):
        verbose_name = "allergie"

    @property
    def is_over(self) -> bool:
        return self.clinical_status != ClinicalStatus.ACTIVE

    @property
    def label(self) -> str:
        return self.substance

    @property
    def detail(self) -> str:
        state = self.get_clinical_status_display() if self.is_over else ""
        parts = (self.reaction, self.get_criticality_display(), state)
        return " · ".join(part for part in parts if part)


class Condition(HealthLine):
    name = models.CharField("problème de santé", max_length=LABEL_MAX_LENGTH)
    clinical_status = models.CharField("état", max_length=10, choices=ClinicalStatus.choices)
    onset_year = models.PositiveSmallIntegerField("depuis l’année", null=True)
    note = models.CharField("précision", max_length=DETAIL_MAX_LENGTH, blank=True)

    class Meta(HealthLine.Meta):
        verbose_name = "problème de santé"

    @property
    def is_over(self) -> bool:
        return self.clinical_status != ClinicalStatus.ACTIVE

    @property
    def label(self) -> str:
        return self.name

    @property
    def detail(self) -> str:
        since = f"depuis {self.onset_year}" if self.onset_year else ""
        state = self.get_clinical_status_display() if self.is_over else ""
        return " · ".join(part for part in (since, self.note, state) if part)


class Immunization(HealthLine):
    vaccine = models.CharField("vaccin", max_length=LABEL_MAX_LENGTH)
    occurred_on = models.DateField("fait le")
    lot_number = models.CharField("numéro de lot", max_length=40, blank=True)
    dose = models.CharField("dose", max_length=40, blank=True)

    class Meta(HealthLine.Meta):
        verbose_name = "vaccination"

    @property
    def label(self) -> str:
        return self.vaccine

    @property
    def detail(self) -> str:
        lot = f"lot {self.lot_number}" if self.lot_number else ""
        day = f"le {wording.long_date(self.occurred_on)}"
        return " · ".join(part for part in (day, self.dose, lot) if part)


class CareDirective(HealthLine):
    """What the person wants, or what was decided for her, when she can no longer say (FHIR Consent, advance care)."""

    kind = models.CharField("directive", max_length=30, choices=DirectiveKind.choices)
    state = models.CharField("état", max_length=10, choices=DirectiveState.choices)
    decided_by = models.CharField("décidée par", max_length=20, choices=DecidedBy.choices)
    # The doctor of the collegial procedure, the person who wrote.
    decider_name = models.CharField("nom", max_length=150, blank=True)
    decided_on = models.DateField("décidée le")
    # Where the paper lies: an envelope, a doctor, the file « Mon espace santé ».
    kept_at = models.CharField("où se trouve le document", max_length=200, blank=True)
    text = models.CharField("ce qu’elle dit", max_length=DETAIL_MAX_LENGTH, blank=True)

    class Meta(HealthLine.Meta):
        verbose_name = "directive de soins"

    @property
    def is_over(self) -> bool:
        return self.state != DirectiveState.ACTIVE

    @property
    def is_limit(self) -> bool:
        return self.kind in LIMITS_OF_CARE

    @property
    def label(self) -> str:
        return self.get_kind_display()

    @property
    def detail(self) -> str:
        who = wording.lowered(self.get_decided_by_display())
        named = f" ({self.decider_name})" if self.decider_name else ""
        decided = f"{who}{named}, le {wording.long_date(self.decided_on)}"
        kept = f"document : {self.kept_at}" if self.kept_at else ""
        state = self.get_state_display() if self.is_over else ""
        return " · ".join(part for part in (self.text, decided, kept, state) if part)


class Observation(HealthLine):
    """A vital sign. `value`, and for a blood pressure the lower one in `low_value`, in the unit of `MEASURED`."""

    code = models.CharField("mesure", max_length=10, choices=MeasureCode.choices)
    value = models.DecimalField("valeur", max_digits=6, decimal_places=2)
    low_value = models.DecimalField("minimum", max_digits=6, decimal_places=2, null=True)
    effective_at = models.DateTimeField("mesurée le")
    context = models.CharField("circonstances", max_length=200, blank=True)

    class Meta(HealthLine.Meta):
        verbose_name = "mesure"
        constraints = [
            *HealthLine.Meta.constraints,
            models.CheckConstraint(
                condition=Q(code=MeasureCode.BLOOD_PRESSURE, low_value__lt=F("value"))
                | ~Q(code=MeasureCode.BLOOD_PRESSURE) & Q(low_value__isnull=True),
                name="observation_has_its_values",
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient", "code", "-effective_at"],
                condition=Q(is_current=True),
                name="observation_series",
            )
        ]

    @property
    def label(self) -> str:
        return self.get_code_display()

    @property
    def detail(self) -> str:
        return f"{self.said} · {self.context}" if self.context else self.said

    @property
    def said(self) -> str:
        """« 128/75 mmHg », « 36,8 °C »."""
        shown = _plain(self.value) + (f"/{_plain(self.low_value)}" if self.low_value is not None else "")
        return f"{shown}{wording.NBSP}{MEASURED[MeasureCode(self.code)].shown}"


def _plain(value: object) -> str:
    text = f"{value}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
