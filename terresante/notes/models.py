from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from terresante.care_team.models import Limited
from terresante.kernel.models import Row, StoredFile
from terresante.notes.enums import ALT_MAX_LENGTH, NOTE_CHOICES, NOTE_CLASSES, NOTE_MAX_LENGTH, MediaKind
from terresante.patients.models import CareRecord, Patient

# What is sent at once takes less, on a slow network too.
_AT_ONCE = timedelta(minutes=10)


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

    @property
    def came_late(self) -> bool:
        """Received well after the time that it bears, which a device gave: pages then show both."""
        return self.recorded_at - self.written_at > _AT_ONCE


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


class NoteMedia(Row):
    """A photograph joined to a note, or its author's voice (FHIR Media): read by who reads the note, no more, no less.

    Signed with it: its author withdraws it, nobody changes it. The digests are of what is kept, not of what was sent.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="media")
    # In the order of the note, from 1.
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=MediaKind.choices)
    # What it shows, for who does not see it.
    alt = models.CharField("description", max_length=ALT_MAX_LENGTH, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    media_type = models.CharField(max_length=40)
    # In bytes.
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha1 = models.CharField(max_length=40)
    # Of a photograph: the small one, and the size of the large one in points.
    small = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    small_size = models.PositiveIntegerField(default=0)
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    # Of a recording, rounded up.
    seconds = models.PositiveSmallIntegerField(default=0)
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "photo ou message vocal d’une note"
        verbose_name_plural = "photos et messages vocaux des notes"
        constraints = [
            models.UniqueConstraint(fields=["patient", "note", "number"], name="one_media_per_number"),
            models.CheckConstraint(
                condition=Q(kind=MediaKind.PHOTO, small__isnull=False, width__gt=0, height__gt=0)
                | Q(kind=MediaKind.VOICE, small=None),
                name="media_is_a_photo_or_a_voice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def is_photo(self) -> bool:
        return self.kind == MediaKind.PHOTO

    @property
    def words(self) -> str:
        """What is said of it where it cannot be seen, or heard."""
        if not self.is_photo:
            minutes, seconds = divmod(self.seconds, 60)
            lasting = f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
            return f"Message vocal, {lasting}" if self.seconds else "Message vocal"
        return self.alt or f"Photo {self.number}, sans description"


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
