import re
from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import Q

from terresante.documents.models import DocumentReference, OfStay
from terresante.kernel.models import Row
from terresante.kernel.ui.wording import NBSP
from terresante.patients.models import CareRecord, Patient
from terresante.results.enums import (
    HIGH,
    LOW,
    MARKS,
    OTHER_WORDS,
    SHOWN,
    SUSCEPTIBILITIES,
    Mark,
    ReportStatus,
    ResultKind,
)
from terresante.results.units import said_number, shown_unit

LABEL_LENGTH, TEXT_LENGTH, COMMENT_LENGTH = 200, 500, 2000
# « 1 000 000 »: four digits are read at a glance. What follows a comma is left alone.
_BIG = re.compile(r"(?<![\d,])[1-9]\d{4,}")


class DiagnosticReport(OfStay):
    """What a laboratory reported at one time. With a `document`, that one is its original, and says who reads it;
    without, it came as discrete results (ORU^R01), and its own limits say so.

    Nothing of it is rewritten: a correction is a report of its own, which `replaces` the one before.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(
        DocumentReference, null=True, on_delete=models.PROTECT, related_name="reports"
    )
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    organization_name = models.CharField(max_length=200)
    # Who did the examinations, as the report says; the structure that sent it, when it does not.
    laboratory = models.CharField("laboratoire", max_length=LABEL_LENGTH)
    effective_at = models.DateTimeField("daté du")
    prescription = models.CharField("numéro de prescription", max_length=120, blank=True)
    prescriber = models.CharField("prescripteur", max_length=LABEL_LENGTH, blank=True)
    status = models.CharField(max_length=20, choices=ReportStatus.choices, default=ReportStatus.FINAL)
    # What its sender calls it; empty with a document, which has its own name.
    sender_identifier = models.CharField(max_length=LABEL_LENGTH, blank=True)
    # Filed before the orders of a message were told apart, under the number of the first: others may be in it.
    may_hold_others = models.BooleanField(default=False)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    comment = models.TextField("commentaire", blank=True)
    # Said of the whole, so that a list and a line of the feed ask for nothing else: « Hématologie, Biochimie »; the
    # results out of their range, in words; how many results there are, and how many are out of range.
    chapters = models.CharField(max_length=LABEL_LENGTH)
    headline = models.CharField(max_length=TEXT_LENGTH, blank=True)
    total = models.PositiveIntegerField()
    out_of_range = models.PositiveIntegerField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "compte rendu de biologie"
        verbose_name_plural = "comptes rendus de biologie"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ReportStatus.values), name="report_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(document__isnull=False, sender_identifier="")
                | Q(document=None) & ~Q(sender_identifier=""),
                name="report_is_of_a_document_or_a_message",
            ),
            # With a document, that one says of which stay.
            models.CheckConstraint(
                condition=Q(is_kept_with_stay=False)
                | Q(private_to__isnull=False, document=None) & ~Q(visit_number=""),
                name="report_is_kept_with_its_stay",
            ),
            models.UniqueConstraint(fields=["patient", "document"], name="one_report_per_document"),
        ]
        indexes = [
            models.Index(fields=["patient", "-effective_at"], name="report_latest"),
            models.Index(
                fields=["patient", "organization", "sender_identifier"],
                condition=~Q(sender_identifier=""),
                name="report_of_a_sender",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chapters} {self.effective_at:%Y-%m-%d}"

    @property
    def told_as(self) -> UUID:
        """The key under which it stands in the feed: its document's, so that opening either reads both."""
        return self.document_id or self.pk

    @property
    def is_shown(self) -> bool:
        return self.status in SHOWN

    @property
    def is_partial(self) -> bool:
        return self.status == ReportStatus.PARTIAL


class LabObservation(Row):
    """One result of a report (FHIR Observation): read by who reads the report, no more, no less.

    `text` is the value as the laboratory wrote it, without its unit; `value` the same as a number, where it is one.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(DiagnosticReport, on_delete=models.PROTECT, related_name="observations")
    # In the order of the report, from 1.
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=ResultKind.choices, default=ResultKind.VALUE)
    chapter_code = models.CharField(max_length=40, blank=True)
    chapter = models.CharField("chapitre", max_length=LABEL_LENGTH, blank=True)
    section = models.CharField("sous-chapitre", max_length=LABEL_LENGTH, blank=True)
    # What groups results inside a section: « Hémogramme », « Examen microscopique ».
    battery = models.CharField(max_length=LABEL_LENGTH, blank=True)
    # Of microbiology: the number of the germ in its report, on its row and on those that tell of it.
    isolate = models.PositiveSmallIntegerField(null=True)
    # What its sender tells it by from the others of the same code in the report (OBX-4, and the order that it is of).
    sub_identifier = models.CharField(max_length=120, blank=True, default="", db_default="")
    code = models.CharField(max_length=60, blank=True)
    code_system = models.CharField(max_length=100, blank=True)
    label = models.CharField("examen", max_length=LABEL_LENGTH)
    # The same for the same examination in every report (`units.analyte_key`).
    analyte = models.CharField(max_length=160, blank=True)
    comparator = models.CharField(max_length=2, blank=True)
    value = models.DecimalField("valeur", max_digits=24, decimal_places=9, null=True)
    text = models.CharField("valeur en clair", max_length=TEXT_LENGTH, blank=True)
    unit = models.CharField("unité (UCUM)", max_length=60, blank=True)
    # The same measure in another unit, when the report gives both.
    other_text = models.CharField(max_length=60, blank=True)
    other_unit = models.CharField(max_length=60, blank=True)
    low = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    high = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    range_text = models.CharField("valeurs de référence", max_length=LABEL_LENGTH, blank=True)
    interpretation = models.CharField(max_length=10, blank=True)
    effective_at = models.DateTimeField("prélevé ou mesuré le")
    method = models.CharField("technique", max_length=LABEL_LENGTH, blank=True)
    specimen = models.CharField("prélèvement", max_length=LABEL_LENGTH, blank=True)
    comment = models.CharField("commentaire", max_length=COMMENT_LENGTH, blank=True)

    # No column: what its report recalls of it, where a page shows the report.
    earlier: "tuple[LabObservation, ...]" = ()

    class Meta:
        verbose_name = "résultat de biologie"
        verbose_name_plural = "résultats de biologie"
        constraints = [
            models.UniqueConstraint(fields=["patient", "report", "position"], name="results_follow"),
            models.CheckConstraint(condition=Q(kind__in=ResultKind.values), name="result_kind_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["patient", "analyte", "-effective_at"],
                condition=~Q(analyte=""),
                name="result_series",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code or self.label} {self.text}"

    @property
    def is_numeric(self) -> bool:
        return self.value is not None

    @property
    def shown_unit(self) -> str:
        return shown_unit(self.unit)

    @property
    def said(self) -> str:
        """« 98 g/L », « < 1,0 mg/L », « Escherichia coli »."""
        return _said(self.text, self.unit, is_number=self.is_numeric)

    @property
    def said_otherwise(self) -> str:
        return _said(self.other_text, self.other_unit, is_number=True)

    @property
    def said_range(self) -> str:
        """« 120 à 160 », « < 5 », or the words of the laboratory."""
        low, high = _plain(self.low), _plain(self.high)
        if low and high:
            return f"{low} à {high}"
        if low or high:
            return f"≥{NBSP}{low}" if low else f"≤{NBSP}{high}"
        return self.range_text

    @property
    def mark(self) -> Mark | None:
        """What the laboratory says; when it says nothing, what its own range says of its number."""
        if self.kind == ResultKind.SUSCEPTIBILITY:
            return None
        if self.interpretation:
            return MARKS.get(self.interpretation)
        if self.value is None:
            return None
        if self.low is not None and self.value < self.low:
            return LOW
        return HIGH if self.high is not None and self.value > self.high else None

    @property
    def interpreted(self) -> str:
        """In a word, where there is no mark to say it."""
        if self.kind == ResultKind.SUSCEPTIBILITY:
            return SUSCEPTIBILITIES.get(self.interpretation, self.interpretation)
        return OTHER_WORDS.get(self.interpretation, "")

    @property
    def is_resistant(self) -> bool:
        return self.kind == ResultKind.SUSCEPTIBILITY and self.interpretation == "R"

    @property
    def is_isolate(self) -> bool:
        return self.kind == ResultKind.ISOLATE

    @property
    def is_earlier(self) -> bool:
        return self.kind == ResultKind.EARLIER

    @property
    def is_susceptibility(self) -> bool:
        return self.kind == ResultKind.SUSCEPTIBILITY


def _said(text: str, unit: str, *, is_number: bool) -> str:
    if not text:
        return ""
    said = _BIG.sub(_grouped, text.replace(".", ",")) if is_number else text
    shown = shown_unit(unit)
    return f"{said}{NBSP}{shown}" if shown else said


def _grouped(found: re.Match[str]) -> str:
    return f"{int(found[0]):,}".replace(",", NBSP)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else said_number(value.normalize() + 0)
