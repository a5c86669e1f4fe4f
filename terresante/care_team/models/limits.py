"""Who may know that a row exists, and who reads it: what most rows about a person begin with."""

from typing import Any
from uuid import UUID

from django.db import models

from terresante.care_team.enums import DataClass, Sector
from terresante.kernel.models import Row


class Restricted(Row):
    """With a `sector`, its own structure (`restricted_to`), those of the circle who share the sector, the persons named
    (`NamedReader`) and the patient know that the row exists, and nobody else.
    """

    sector = models.CharField(max_length=12, choices=Sector.choices, blank=True, default="", db_default="")
    restricted_to = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True


class Limited(Restricted):
    """A row about a patient with the limits of its reading: `access.shares` and `protect_limits` hold each of them."""

    private_to = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    private_to_person = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden_from_patient = models.BooleanField(default=False)
    hidden_from_representative = models.BooleanField(default=False, db_default=False)
    data_class = models.CharField(max_length=20, choices=DataClass.choices)
    # Each names its person itself, by a key of its own.
    patient_id: UUID

    class Meta:
        abstract = True

    def limits(self) -> dict[str, Any]:
        """As events and facts carry them, its class with them."""
        return {
            "data_class": self.data_class,
            "private_to_id": self.private_to_id,
            "private_to_person_id": self.private_to_person_id,
            "hidden_from_patient": self.hidden_from_patient,
            "hidden_from_representative": self.hidden_from_representative,
            "sector": self.sector,
            "restricted_to_id": self.restricted_to_id,
        }

    def told(self) -> dict[str, Any]:
        """As its events and its fact name it: whose it is, which it is, and who may know."""
        return {"patient_id": self.patient_id, "object_id": self.pk, **self.limits()}
