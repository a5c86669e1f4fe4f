"""What happened to the thresholds of one person, beside the follow-up they belong to."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.kernel.models import Row
from terresante.patients.models import Patient


class ThresholdChange(Row):
    """Seuil fixé (FHIR Provenance): one own threshold of one follow-up, set, changed or taken away. Only added to."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(
        "telemonitoring.FollowUp", on_delete=models.PROTECT, related_name="threshold_changes"
    )
    # As the rules of the pathway name it.
    name = models.CharField("seuil", max_length=200)
    # None: the threshold of the pathway held.
    before = models.DecimalField("auparavant", max_digits=19, decimal_places=9, null=True)
    after = models.DecimalField("désormais", max_digits=19, decimal_places=9, null=True)
    set_at = models.DateTimeField("fixé le", default=timezone.now)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    set_by_name = models.CharField("fixé par", max_length=200)

    class Meta:
        verbose_name = "seuil fixé"
        verbose_name_plural = "seuils fixés"
        constraints = [
            models.CheckConstraint(
                condition=~Q(before=F("after")) & (Q(before__isnull=False) | Q(after__isnull=False)),
                name="threshold_changes",
            ),
        ]
        indexes = [models.Index(fields=["follow_up", "set_at"], name="thresholds_of_follow_up")]

    def __str__(self) -> str:
        return f"{self.name} {self.set_at:%Y-%m-%d %H:%M}"
