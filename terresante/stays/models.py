from django.db import models
from django.db.models import Value

from terresante.care_team.enums import DataClass
from terresante.care_team.models import Limited
from terresante.directory.enums import UnitSensitivity
from terresante.directory.models import Organization
from terresante.patients.models import CareRecord, Patient, SourceIdentity
from terresante.stays.enums import EncounterClass, EncounterStatus, MovementKind, PrivateBecause


class StayRow(Limited):
    """A row of a stay; private to its hospital when the stay is sensitive (README, "Secret")."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    data_class = models.CharField(max_length=20, choices=DataClass.choices, default=DataClass.STAY)
    sensitivity = models.CharField(
        max_length=12, choices=UnitSensitivity.choices, default=UnitSensitivity.ORDINARY
    )
    private_because = models.CharField(max_length=12, choices=PrivateBecause.choices, blank=True)

    class Meta:
        abstract = True


class Encounter(StayRow):
    """A stay or a visit, as the movements that were not taken back make it (`course.fold`)."""

    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="encounters")
    source_identity = models.ForeignKey(SourceIdentity, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    visit_number = models.CharField("numéro de venue", max_length=120)
    class_code = models.CharField(max_length=1, choices=EncounterClass.choices, blank=True)
    status = models.CharField(max_length=12, choices=EncounterStatus.choices, default=EncounterStatus.PLANNED)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expected_start_at = models.DateTimeField(null=True)
    expected_end_at = models.DateTimeField(null=True)
    unit_code = models.CharField(max_length=20, blank=True)
    unit_name = models.CharField(max_length=120, blank=True)
    destination = models.CharField(max_length=120, blank=True)
    is_deceased = models.BooleanField(default=False)

    # PID-18, as ever told of it: what is sent of a stay may name its account alone.
    accounts = models.JSONField(default=list, db_default=Value([], models.JSONField()))

    # No columns: the report just applied took the stay from its circle, or gave it back; or told an account of it.
    has_turned: bool = False
    has_new_account: bool = False

    class Meta:
        verbose_name = "séjour"
        constraints = [
            models.UniqueConstraint(fields=["organization", "visit_number"], name="one_stay_per_visit_number")
        ]
        indexes = [models.Index(fields=["patient", "-started_at"], name="stays_of_patient")]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"

    @property
    def is_shown(self) -> bool:
        """To the circle: neither kept by its hospital, nor taken back (`access`)."""
        return self.private_to_id is None and self.status != EncounterStatus.CANCELLED


class EncounterMovement(StayRow):
    """One movement of a stay as last told; a cancellation that came first leaves a row not yet reported."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="movements")
    # ZBE-1, or one made up when the sender gives none.
    identifier = models.CharField(max_length=120)
    authority = models.CharField(max_length=80, blank=True)
    # ZBE-1 again, as other systems name the same movement: [[authority, identifier], …].
    other_names = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    family = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=MovementKind.choices)
    trigger = models.CharField(max_length=3)
    occurred_at = models.DateTimeField()
    # When the sender recorded what the row now says: a later correction wins, whatever the order of arrival.
    recorded_at = models.DateTimeField()
    class_code = models.CharField(max_length=1, choices=EncounterClass.choices, blank=True)
    unit_code = models.CharField(max_length=20, blank=True)
    unit_name = models.CharField(max_length=120, blank=True)
    admitted_at = models.DateTimeField(null=True)
    expected_start_at = models.DateTimeField(null=True)
    expected_end_at = models.DateTimeField(null=True)
    destination = models.CharField(max_length=120, blank=True)
    is_death = models.BooleanField(default=False)
    # Asked by the sender in any message about this movement, its cancellation included.
    is_secret = models.BooleanField(default=False)
    has_own_identifier = models.BooleanField(default=True)
    is_reported = models.BooleanField(default=False)
    # ZBE-5: inserted after the fact, so that it enters the timeline and rings nowhere.
    is_historic = models.BooleanField(default=False)
    is_corrected = models.BooleanField(default=False)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.UUIDField(null=True)
    message_id = models.UUIDField()

    class Meta:
        verbose_name = "mouvement"
        constraints = [
            models.UniqueConstraint(
                fields=["encounter", "authority", "identifier", "family"], name="movement_told_once"
            )
        ]
        indexes = [models.Index(fields=["encounter", "occurred_at"], name="movements_of_stay")]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"

    @property
    def names(self) -> list[tuple[str, str]]:
        """(authority, identifier), the first one first."""
        return [(self.authority, self.identifier), *((name[0], name[1]) for name in self.other_names)]
