from django.db import models
from django.db.models import Q, Value

from terresante.care_team.models import Limited
from terresante.documents.enums import (
    DISCHARGES,
    DOCUMENT_CLASSES,
    SENDER_IDENTIFIER_LENGTH,
    TITLE_MAX_LENGTH,
    TYPE_LENGTH,
    DocumentStatus,
    DocumentType,
)
from terresante.kernel.files.kinds import FileKind
from terresante.kernel.files.receiving import NAME_MAX_LENGTH
from terresante.kernel.models import StoredFile
from terresante.kernel.ui.wording import long_date, lowered
from terresante.patients.models import CareRecord, Patient


class OfStay(Limited):
    """What a structure sent under a visit number. While the circle does not read that stay, which is restricted or was
    taken back, the structure alone reads it: `private_to` is set, and `is_kept_with_stay` says that this is why.
    """

    visit_number = models.CharField("numéro de venue", max_length=120, blank=True, default="", db_default="")
    is_kept_with_stay = models.BooleanField(default=False, db_default=False)

    class Meta:
        abstract = True


class DocumentReference(OfStay):
    """One version of a document and its file. A new version is a row of its own, which `replaces` the one before.

    Its class is its type's (`enums.CLASS_OF`), on the row because the rules ask it.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="documents")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="documents")
    type = models.CharField("type de document", max_length=TYPE_LENGTH, choices=DocumentType.choices)
    title = models.CharField("titre", max_length=TITLE_MAX_LENGTH)
    # The day it was written, as its paper says.
    dated_on = models.DateField("date du document")
    # Who wrote it, when it is not who filed it: a hospital, a colleague outside the circle.
    written_by = models.CharField("auteur", max_length=120, blank=True)
    # Who filed it, as he was then: a document keeps its signature, as a note does. Nobody, for one that arrived by a
    # wire: the structure that sent it signs.
    author = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="documents"
    )
    author_name = models.CharField(max_length=200)
    author_role = models.CharField(max_length=120)
    organization = models.ForeignKey(
        "directory.Organization", null=True, on_delete=models.PROTECT, related_name="+"
    )
    organization_name = models.CharField(max_length=200, blank=True)
    # By the person, or who represents her by law, from their space; then whether the circle does not read it yet.
    is_from_patient = models.BooleanField(default=False, db_default=False)
    kept_to_patient = models.BooleanField(default=False, db_default=False)
    recorded_at = models.DateTimeField("déposé le", auto_now_add=True)
    status = models.CharField(max_length=20, choices=DocumentStatus.choices, default=DocumentStatus.CURRENT)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    # The key of the first version, on all of them (FHIR's masterIdentifier, CDA's setId), and their order.
    set_id = models.UUIDField()
    version = models.PositiveSmallIntegerField(default=1)
    # What its sender calls it (CDA id, TXA-12): a name is one structure's. Empty for what a person filed.
    sender_identifier = models.CharField(max_length=SENDER_IDENTIFIER_LENGTH, blank=True)
    # What its sender says of it, for who searches: as FHIR writes them, {"format": Coding, "event": [Coding],
    # "related": [Identifier]}, each when it is said; of a CDA, {"chain": {"name": setId, "number": versionNumber}}.
    metadata = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # Of what may change: its status, and who reads it. None when nothing did.
    changed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.CharField("motif du retrait", max_length=300, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=NAME_MAX_LENGTH)
    media_type = models.CharField(max_length=40, choices=FileKind.choices)
    # In bytes, and the digests, of the plain content.
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha1 = models.CharField(max_length=40)

    class Meta:
        verbose_name = "document"
        constraints = [
            models.CheckConstraint(condition=Q(type__in=DocumentType.values), name="document_type_is_known"),
            models.CheckConstraint(
                condition=Q(data_class__in=DOCUMENT_CLASSES), name="document_class_is_known"
            ),
            models.CheckConstraint(condition=~Q(title="") & Q(size__gt=0), name="document_is_not_empty"),
            models.CheckConstraint(
                condition=Q(status=DocumentStatus.ENTERED_IN_ERROR, withdrawn_at__isnull=False)
                & ~Q(withdrawn_reason="")
                | ~Q(status=DocumentStatus.ENTERED_IN_ERROR) & Q(withdrawn_at=None, withdrawn_reason=""),
                name="document_is_withdrawn_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(author__isnull=False, sender_identifier="", is_from_patient=False)
                | Q(author=None, is_from_patient=False) & ~Q(sender_identifier="")
                | Q(author=None, organization=None, sender_identifier="", is_from_patient=True),
                name="document_is_of_a_person_or_a_sender",
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=False, kept_to_patient=False) | Q(is_from_patient=True),
                name="document_is_filed_for_a_structure",
            ),
            models.CheckConstraint(
                condition=Q(is_kept_with_stay=False) | Q(private_to__isnull=False) & ~Q(visit_number=""),
                name="document_is_kept_with_its_stay",
            ),
            models.UniqueConstraint(fields=["patient", "replaces"], name="document_replaced_once"),
            models.UniqueConstraint(fields=["patient", "set_id", "version"], name="document_versions_follow"),
        ]
        indexes = [
            models.Index(fields=["patient", "-dated_on", "-recorded_at"], name="document_latest"),
            models.Index(fields=["patient", "sha256"], name="document_same_content"),
            # Not unique: of two identities merged, both may have been sent the same document.
            models.Index(
                fields=["patient", "organization", "sender_identifier"],
                condition=~Q(sender_identifier=""),
                name="document_of_a_sender",
            ),
            models.Index(
                fields=["organization", "sender_identifier"],
                condition=~Q(sender_identifier=""),
                name="document_by_its_sender",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.dated_on}"

    @property
    def dated(self) -> str:
        """« Ordonnance de médicaments du 27 novembre 2026 »; the day alone where the title is the type already."""
        kind, day = self.get_type_display(), long_date(self.dated_on)
        return day if self.title.casefold() == kind.casefold() else f"{kind} du {day}"

    @property
    def signature(self) -> str:
        """Who wrote it, as a line says it."""
        return self.written_by or self.author_name

    @property
    def filed_by(self) -> str:
        """Who filed it: « la patiente » says more to the circle than her own name."""
        if self.is_from_patient:
            return f"{self.author_role} ({self.author_name})"
        return f"{self.author_name}, {lowered(self.author_role)}"

    @property
    def is_sent(self) -> bool:
        """By the software of a structure, over its wire."""
        return bool(self.sender_identifier)

    @property
    def filing(self) -> str:
        """How it came, as the timeline says it."""
        return f"transmis par {self.organization_name}" if self.is_sent else f"déposé par {self.filed_by}"

    @property
    def is_current(self) -> bool:
        return self.status == DocumentStatus.CURRENT

    @property
    def is_for_circle(self) -> bool:
        """Whether it may be shared with the person: not what a level narrower than the circle keeps."""
        return (
            not self.is_from_patient
            and self.private_to_id is None
            and self.private_to_person_id is None
            and not self.sector
        )

    @property
    def is_withdrawn(self) -> bool:
        return self.status == DocumentStatus.ENTERED_IN_ERROR

    @property
    def is_structured(self) -> bool:
        """A CDA: its page reads it, whoever downloads it gets it as it came."""
        return self.media_type == FileKind.XML

    @property
    def is_discharge(self) -> bool:
        """A structured letter of discharge: the page « Retour à domicile » is made from it."""
        return self.is_structured and self.type in DISCHARGES

    @property
    def is_image(self) -> bool:
        return self.media_type in (FileKind.JPEG, FileKind.PNG)
