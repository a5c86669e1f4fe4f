from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from terresante.care_team.models import Limited
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.enums import (
    PATHWAY_CHOICES,
    PATHWAY_CLASSES,
    PathwayKind,
    ResponseColour,
    ResponseSource,
    ResponseStatus,
    VersionStatus,
)


class Pathway(Row):
    """Parcours (FHIR PlanDefinition): what follows one condition, kept as versions of a folder of files."""

    code = models.CharField("code", max_length=40, unique=True)
    # Those of the latest published version, or of the first draft.
    title = models.CharField("titre", max_length=200)
    kind = models.CharField("nature", max_length=12, choices=PathwayKind.choices)
    data_class = models.CharField("type de données", max_length=20, choices=PATHWAY_CHOICES)
    summary = models.CharField("résumé", max_length=500, blank=True)
    # Offered to professionals who begin something; what runs goes on.
    is_active = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "parcours"
        verbose_name_plural = "parcours"
        constraints = [
            models.CheckConstraint(
                condition=Q(data_class__in=PATHWAY_CLASSES), name="pathway_class_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class _Kept:
    """A published version never changes: its key says its files."""

    key: UUID
    files: Mapping[str, str] = field(compare=False)


@lru_cache(maxsize=256)
def _read(kept: _Kept) -> engine.Pathway:
    return engine.read(kept.files)


class PathwayVersion(Row):
    """The files of a pathway at one time. Published, it never changes any more: its status alone does."""

    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("version")
    status = models.CharField(
        "état", max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    # Relative path → text.
    files = models.JSONField()
    note = models.CharField("ce qui change", max_length=500, blank=True)
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField(auto_now_add=True)
    # When a draft was last written in, so that two who edit it do not overwrite each other.
    changed_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by_name = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    based_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "version d’un parcours"
        verbose_name_plural = "versions des parcours"
        constraints = [
            models.UniqueConstraint(fields=["pathway", "number"], name="one_pathway_version_per_number"),
            models.UniqueConstraint(
                fields=["pathway"], condition=Q(status=VersionStatus.PUBLISHED), name="one_published_version"
            ),
            models.UniqueConstraint(
                fields=["pathway"], condition=Q(status=VersionStatus.DRAFT), name="one_draft_version"
            ),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.DRAFT, published_at=None)
                | (~Q(status=VersionStatus.DRAFT) & Q(published_at__isnull=False)),
                name="pathway_version_says_when_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.status}"

    @property
    def is_draft(self) -> bool:
        return self.status == VersionStatus.DRAFT

    def read(self) -> engine.Pathway:
        """Raises `engine.PathwayError` for a draft with mistakes; a published version has none."""
        if self.is_draft:
            return engine.read(self.files)
        return _read(_Kept(self.pk, self.files))


class PathwaySignature(Row):
    """A structure answers for the thresholds of one version: « validé cliniquement par … »."""

    version = models.ForeignKey(PathwayVersion, on_delete=models.PROTECT, related_name="signatures")
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    organization_name = models.CharField(max_length=200)
    signed_by = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="+")
    signed_by_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "validation clinique d’un parcours"
        verbose_name_plural = "validations cliniques des parcours"
        constraints = [
            models.UniqueConstraint(fields=["version", "organization"], name="one_signature_per_structure")
        ]

    def __str__(self) -> str:
        return f"{self.organization_name} {self.signed_at:%Y-%m-%d}"


class QuestionnaireResponse(Limited):
    """A form answered (FHIR QuestionnaireResponse), with what its pathway's version said of it when it was received.

    Its key may come from a phone that was offline. Completed, it never changes: a correction is another one that
    `replaces` it.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="questionnaire_responses")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="questionnaire_responses")
    version = models.ForeignKey(PathwayVersion, on_delete=models.PROTECT, related_name="+")
    form = models.CharField("formulaire", max_length=60)
    # Of an app above: the follow-up, and the answer it expected.
    follow_up_id = models.UUIDField(null=True, blank=True)
    occurrence_id = models.UUIDField(null=True, blank=True)
    status = models.CharField(
        "état", max_length=12, choices=ResponseStatus.choices, default=ResponseStatus.COMPLETED
    )
    # By the clock of the device, unless it was wrong.
    authored_at = models.DateTimeField("remplie le")
    clock_corrected = models.BooleanField(default=False)
    received_at = models.DateTimeField("reçue le")
    source = models.CharField("remplie par", max_length=14, choices=ResponseSource.choices)
    respondent_name = models.CharField(max_length=200)
    respondent_role = models.CharField(max_length=120, blank=True)
    # Whose account sent it; nobody's for a link.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    organization = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    organization_name = models.CharField(max_length=200, blank=True)
    data_class = models.CharField("type de données", max_length=20, choices=PATHWAY_CHOICES)
    # linkId → value.
    answers = models.JSONField(default=dict)
    # What it was compared with: values at enrolment, thresholds of this person.
    baseline = models.JSONField(default=dict)
    personal = models.JSONField(default=dict)
    # As the engine said them: each score with its points and the version of its formula, each rule with its threshold.
    scores = models.JSONField(default=list)
    fired = models.JSONField(default=list)
    colour = models.CharField(max_length=8, choices=ResponseColour.choices, default=ResponseColour.GREY)
    to_confirm = models.BooleanField(default=False)
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replacements"
    )

    class Meta:
        verbose_name = "formulaire rempli"
        verbose_name_plural = "formulaires remplis"
        constraints = [
            models.CheckConstraint(
                condition=Q(data_class__in=PATHWAY_CLASSES), name="response_class_is_known"
            ),
            models.CheckConstraint(
                condition=Q(occurrence_id=None) | Q(follow_up_id__isnull=False),
                name="response_expected_by_a_follow_up",
            ),
            models.UniqueConstraint(fields=["patient", "replaces"], name="one_replacement_per_response"),
        ]
        indexes = [
            models.Index(fields=["patient", "-authored_at"], name="response_latest"),
            models.Index(fields=["follow_up_id", "-authored_at"], name="response_of_follow_up"),
            models.Index(fields=["version", "authored_at"], name="response_of_version"),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.authored_at:%Y-%m-%d %H:%M}"

    @property
    def is_completed(self) -> bool:
        return self.status == ResponseStatus.COMPLETED
