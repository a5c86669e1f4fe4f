"""Loads of the national files, and what they said of a line."""

from django.db import models

from terresante.directory.enums import ImportState, RemarkLevel
from terresante.kernel.models import Row


class DirectoryImport(Row):
    started_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ImportState.choices)
    actor_name = models.CharField(max_length=200)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    # {"name", "sha256", "lines"} of each file.
    files = models.JSONField(default=list)
    seconds = models.FloatField(default=0)
    # Counts by table and effect: "practitioners_created", "roles_ended", "rejections"…
    counts = models.JSONField(default=dict)
    # Why a person must decide, in a sentence; '' when nothing was held.
    held_because = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.state}"


class DirectoryImportRejection(Row):
    """What an import says of one line of its files; `level` tells whether the line was left out."""

    directory_import = models.ForeignKey(DirectoryImport, models.CASCADE, related_name="remarks")
    level = models.CharField(max_length=10, choices=RemarkLevel.choices)
    file_name = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=80, blank=True)
    sentence = models.CharField(max_length=300)

    class Meta:
        indexes = [
            models.Index(fields=["directory_import", "file_name", "line"], name="directory_remark_line")
        ]

    def __str__(self) -> str:
        return f"{self.file_name}:{self.line} {self.sentence}"
