"""What a physician leaves to a secretary."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q

from terresante.directory.models.published import Organization, Practitioner
from terresante.kernel.models import Row


class Delegation(Row):
    """A physician lets a secretary of the same structure reach his patients, with her own column of the matrix."""

    physician = models.ForeignKey(Practitioner, models.PROTECT, related_name="delegations_given")
    secretary = models.ForeignKey(Practitioner, models.PROTECT, related_name="delegations_received")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="delegations")
    starts_on = models.DateField()
    # The first day without it; None: until one of the two ends it.
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "délégation à un secrétariat"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="directory_delegation_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["physician", "secretary", "organization"],
                condition=Q(revoked_at=None),
                name="directory_one_delegation",
            ),
        ]
        indexes = [
            models.Index(
                fields=["secretary"], condition=Q(revoked_at=None), name="directory_delegation_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.secretary} pour {self.physician}"

    @property
    def last_day(self) -> date | None:
        return self.ends_on - timedelta(days=1) if self.ends_on else None
