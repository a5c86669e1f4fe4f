from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.care_team.enums import DataClass
from terresante.care_team.models import Limited
from terresante.documents.models import DocumentReference
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
    OfferedKind,
    OfferedState,
    Origin,
    Precision,
    TreatmentStatus,
    Verification,
)
from terresante.kernel.models import Row
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
    # The document that said it, when a professional integrated it from there: the original.
    source = models.ForeignKey(
        "documents.DocumentReference", null=True, on_delete=models.PROTECT, related_name="+"
    )
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
                condition=Q(author__isnull=False)
                | Q(verification_status__in=[Verification.UNCONFIRMED, Verification.ENTERED_IN_ERROR]),
                name="%(class)s_is_vouched_for_by_a_professional",
            ),
            models.CheckConstraint(
                condition=~Q(origin=Origin.DOCUMENT) | Q(source__isnull=False),
                name="%(class)s_of_a_document_names_it",
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
    category = models.CharField("famille", max_length=20, choices=AllergyCategory.choices, blank=True)
    criticality = models.CharField("gravité", max_length=20, choices=Criticality.choices)
    clinical_status = models.CharField("état", max_length=10, choices=ClinicalStatus.choices)
    reaction = models.CharField("réaction", max_length=DETAIL_MAX_LENGTH, blank=True)
    # Said on purpose, which is not the absence of a line (FHIR: no-known-allergies); the first allergy ends it.
    is_none_known = models.BooleanField(default=False, db_default=False)

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
        if self.is_none_known:
            return ""
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
    # A received document may know no more than the year: its first day stands for it.
    precision = models.CharField(
        max_length=5, choices=Precision.choices, default=Precision.DAY, db_default=Precision.DAY
    )
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
        return " · ".join(part for part in (self._when, self.dose, lot) if part)

    @property
    def _when(self) -> str:
        match self.precision:
            case Precision.YEAR:
                return f"en {self.occurred_on.year}, jour inconnu"
            case Precision.MONTH:
                return f"en {wording.lowered(wording.month_title(self.occurred_on))}, jour inconnu"
            case _:
                return f"le {wording.long_date(self.occurred_on)}"


class MedicationStatement(HealthLine):
    """A treatment that the person takes, or took. What was prescribed is its prescription's to say."""

    drug = models.CharField("médicament", max_length=LABEL_MAX_LENGTH)
    # Of the document that named it: CIS, CIP or ATC, and the OID of that list.
    code = models.CharField(max_length=40, blank=True)
    code_system = models.CharField(max_length=60, blank=True)
    dosage = models.CharField("posologie", max_length=DETAIL_MAX_LENGTH, blank=True)
    indication = models.CharField("pour quoi", max_length=200, blank=True)
    prescriber = models.CharField("prescrit par", max_length=150, blank=True)
    since = models.DateField("depuis", null=True)
    until = models.DateField("jusqu’au", null=True)
    status = models.CharField("état", max_length=10, choices=TreatmentStatus.choices)

    class Meta(HealthLine.Meta):
        verbose_name = "traitement"
        constraints = [
            *HealthLine.Meta.constraints,
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                name="treatment_ends_after_it_began",
            ),
        ]

    @property
    def is_over(self) -> bool:
        return self.status != TreatmentStatus.ACTIVE or self._is_past

    @property
    def _is_past(self) -> bool:
        return self.until is not None and self.until < timezone.localdate()

    @property
    def label(self) -> str:
        return self.drug

    @property
    def detail(self) -> str:
        by = f"prescrit par {self.prescriber}" if self.prescriber else ""
        stopped = self.status == TreatmentStatus.STOPPED
        state = "Arrêté" if stopped else "Terminé" if self._is_past else ""
        period = wording.short_period(self.since, self.until)
        parts = (self.dosage, self.indication, period, by, state)
        return " · ".join(part for part in parts if part)


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
        return " · ".join(part for part in (self.text.rstrip(" ."), decided, kept, state) if part)


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


class OfferedLine(Row):
    """What a received document says of a health, until somebody who writes in the record integrates it or puts it
    aside. It is read by who reads its document, and falls with it: of another version, of a document taken back,
    nothing is offered.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(DocumentReference, on_delete=models.PROTECT, related_name="offered_lines")
    kind = models.CharField(max_length=12, choices=OfferedKind.choices)
    # As `offers.told` writes it.
    said = models.JSONField()
    # Digest of the fact: two documents that say the same offer it once.
    sameness = models.CharField(max_length=64)
    # In the order of the document.
    number = models.PositiveSmallIntegerField()
    offered_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=OfferedState.choices, default=OfferedState.WAITING)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_by_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField("motif", max_length=300, blank=True)
    # The line that it became, or that it brought up to date; the step that it became.
    line_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = "ligne à intégrer"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "kind", "sameness"], name="offered_once_by_a_document"
            ),
            models.CheckConstraint(
                condition=Q(state=OfferedState.WAITING, settled_at=None, line_id=None)
                | Q(state=OfferedState.INTEGRATED, settled_at__isnull=False, line_id__isnull=False)
                | Q(state=OfferedState.PUT_ASIDE, settled_at__isnull=False, line_id=None) & ~Q(reason=""),
                name="offered_line_is_settled_or_waits",
            ),
        ]
        indexes = [models.Index(fields=["patient", "kind", "sameness"], name="offered_of_a_patient")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


def _plain(value: object) -> str:
    text = f"{value}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
