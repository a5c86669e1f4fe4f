from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from terresante.kernel.models import Row
from terresante.terminology.enums import Format

CODE_LENGTH, SYSTEM_LENGTH, LABEL_LENGTH = 80, 120, 400


class ValueSet(Row):
    """One version of a published list of codes, as its file said it. An older version stays, to be compared."""

    # An OID, or a canonical URL.
    identifier = models.CharField("identifiant", max_length=200)
    # Its name without prefix nor suffix (« J07-XDSTYPECODE »): the same from one version to the next.
    short_name = models.CharField(max_length=120)
    title = models.CharField("nom", max_length=200)
    version = models.CharField("version", max_length=60)
    published_on = models.DateField("publiée le", null=True)
    format = models.CharField("format", max_length=12, choices=Format.choices)
    file_name = models.CharField("fichier", max_length=200)
    # Of the file: the same one is loaded once.
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField("chargée le", auto_now_add=True)
    is_current = models.BooleanField("en vigueur", default=False)
    size = models.PositiveIntegerField("nombre de codes")
    # Lines that were left out, and why.
    remarks = ArrayField(models.CharField(max_length=200), default=list)

    class Meta:
        verbose_name = "nomenclature"
        constraints = [
            models.UniqueConstraint(fields=["short_name", "sha256"], name="value_set_loaded_once"),
            models.UniqueConstraint(
                fields=["short_name"], condition=Q(is_current=True), name="value_set_current_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class Concept(Row):
    """One code of one version, with its French label."""

    value_set = models.ForeignKey(ValueSet, on_delete=models.CASCADE, related_name="concepts")
    code = models.CharField(max_length=CODE_LENGTH)
    system = models.CharField(max_length=SYSTEM_LENGTH)
    label = models.CharField(max_length=LABEL_LENGTH)

    class Meta:
        verbose_name = "code"
        constraints = [
            models.UniqueConstraint(fields=["value_set", "code", "system"], name="concept_once_in_its_set")
        ]
        indexes = [models.Index(fields=["code", "system"], name="concept_by_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"
