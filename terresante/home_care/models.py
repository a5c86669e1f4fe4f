from django.db import models

from terresante.home_care.enums import CODES_MAX_LENGTH, FIELD_MAX_LENGTH, NOTE_MAX_LENGTH, SaidBy
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient


class HomeAccess(Row):
    """How one gets in at the person's: all that is said of it, at one moment, by one person. Each change is a row of
    its own; the latest is in force, nothing is rewritten.

    The first seven are named as RS-EDA `location.access` names them (DOMAIN.md 2.7): to send them is a copy.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    building_name = models.CharField("bâtiment", max_length=FIELD_MAX_LENGTH, blank=True)
    entrance = models.CharField("entrée", max_length=FIELD_MAX_LENGTH, blank=True)
    access_code = models.CharField("code de la porte", max_length=CODES_MAX_LENGTH, blank=True)
    interphone = models.CharField("interphone", max_length=FIELD_MAX_LENGTH, blank=True)
    elevator = models.CharField("ascenseur ou escalier", max_length=FIELD_MAX_LENGTH, blank=True)
    floor = models.CharField("étage", max_length=FIELD_MAX_LENGTH, blank=True)
    room_number = models.CharField("porte", max_length=FIELD_MAX_LENGTH, blank=True)
    key_holder = models.CharField("qui a une clé", max_length=FIELD_MAX_LENGTH, blank=True)
    key_holder_phone = models.CharField("son téléphone", max_length=20, blank=True)
    key_box = models.CharField("boîte à clés", max_length=CODES_MAX_LENGTH, blank=True)
    animal = models.CharField("animal", max_length=FIELD_MAX_LENGTH, blank=True)
    parking = models.CharField("stationnement", max_length=FIELD_MAX_LENGTH, blank=True)
    note = models.CharField("autre chose à savoir", max_length=NOTE_MAX_LENGTH, blank=True)
    origin = models.CharField("dit par", max_length=20, choices=SaidBy.choices)
    # Nobody's key when the person or a relative said it.
    author = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_name = models.CharField(max_length=200)
    author_role = models.CharField(max_length=120, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "accès au domicile"
        constraints = [
            models.UniqueConstraint(fields=["patient", "replaces"], name="home_access_replaced_once"),
            models.CheckConstraint(
                condition=models.Q(origin=SaidBy.PROFESSIONAL, author__isnull=False)
                | ~models.Q(origin=SaidBy.PROFESSIONAL) & models.Q(author__isnull=True),
                name="home_access_is_signed",
            ),
        ]
        indexes = [models.Index(fields=["patient", "-recorded_at"], name="home_access_latest")]

    def __str__(self) -> str:
        return f"{self.pk}"
