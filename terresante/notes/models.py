from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from terresante.care_team.models import Limited
from terresante.kernel.models import Row
from terresante.notes.enums import NOTE_CHOICES, NOTE_CLASSES, NOTE_MAX_LENGTH
from terresante.patients.models import CareRecord, Patient


class Note(Limited):
    """Note de suivi ou de liaison. Its key may come from a phone that wrote it offline (DESIGN.md 3)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notes")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey("directory.Practitioner", on_delete=models.PROTECT, related_name="notes")
    # As the author was when he wrote: a note keeps its signature.
    author_name = models.CharField(max_length=200)
    author_role = models.CharField(max_length=120)
    organization = models.ForeignKey("directory.Organization", on_delete=models.PROTECT, related_name="+")
    organization_name = models.CharField(max_length=200)
    data_class = models.CharField("type de note", max_length=20, choices=NOTE_CHOICES)
    text = models.TextField("note")
    written_at = models.DateTimeField("écrite le")
    recorded_at = models.DateTimeField("enregistrée le", auto_now_add=True)
    # When its author last changed who reads it; what he chose before stands in the trail.
    limits_changed_at = models.DateTimeField(null=True, blank=True)
    in_reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    # When its author last corrected its words; the database keeps what they were (`NoteVersion`).
    amended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "note"
        constraints = [
            models.CheckConstraint(condition=Q(data_class__in=NOTE_CLASSES), name="note_class_is_known"),
            models.CheckConstraint(condition=~Q(text=""), name="note_is_not_empty"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), NOTE_MAX_LENGTH), name="note_has_an_end"
            ),
        ]
        indexes = [models.Index(fields=["patient", "-written_at"], name="note_latest")]

    def __str__(self) -> str:
        return f"{self.data_class} {self.written_at:%Y-%m-%d %H:%M}"


class NoteVersion(Row):
    """What a note said before one correction, counted from 1; written by a trigger, so that no words are ever lost."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        verbose_name = "version d’une note"
        constraints = [
            models.UniqueConstraint(fields=["patient", "note", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.replaced_at:%Y-%m-%d %H:%M}"


class NoteFavourite(Row):
    """The star somebody put on a note, for himself alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="favourites")
    starred_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "note favorite"
        constraints = [
            models.UniqueConstraint(fields=["patient", "user", "note"], name="one_star_per_note_and_user")
        ]

    def __str__(self) -> str:
        return f"{self.starred_at:%Y-%m-%d %H:%M}"
