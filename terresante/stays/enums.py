from django.db.models import TextChoices


class EncounterClass(TextChoices):
    """PV1-2; empty when the sender left it out."""

    EMERGENCY = "E", "Urgences"
    INPATIENT = "I", "Hospitalisation"
    OUTPATIENT = "O", "Consultation externe"
    RECURRENT = "R", "Séances"


class EncounterStatus(TextChoices):
    PLANNED = "planned", "Prévue"
    IN_PROGRESS = "in-progress", "En cours"
    ON_LEAVE = "onleave", "En permission"
    FINISHED = "finished", "Terminée"
    CANCELLED = "cancelled", "Annulée"


class MovementKind(TextChoices):
    PREADMISSION = "preadmission", "Préadmission"
    ADMISSION = "admission", "Admission"
    REGISTRATION = "registration", "Venue"
    TO_INPATIENT = "to_inpatient", "Passage en hospitalisation"
    TO_OUTPATIENT = "to_outpatient", "Passage en consultation externe"
    TRANSFER = "transfer", "Transfert"
    LEAVE = "leave", "Départ en permission"
    RETURN = "return", "Retour de permission"
    DISCHARGE = "discharge", "Sortie"
    PENDING_ADMISSION = "pending_admission", "Admission annoncée"
    PENDING_TRANSFER = "pending_transfer", "Transfert annoncé"
    PENDING_DISCHARGE = "pending_discharge", "Sortie annoncée"
    ATTENDING_CHANGE = "attending_change", "Changement de médecin responsable"


class MovementAction(TextChoices):
    INSERT = "INSERT", "Insertion"
    UPDATE = "UPDATE", "Correction"
    CANCEL = "CANCEL", "Annulation"


class PrivateBecause(TextChoices):
    """Why a stay stays inside its hospital; never shown to the circle."""

    UNIT = "unit", "unité sensible"
    SENDER = "sender", "secret demandé par l’établissement"
    LEGAL_CARE = "legal_care", "mode légal de soins psychiatriques"
    UNKNOWN_UNIT = "unknown_unit", "unité inconnue d’un établissement psychiatrique"


# An A11 takes back an A01 or an A04 without saying which: entries answer to the same movement number.
ENTRIES = frozenset(
    {
        MovementKind.ADMISSION,
        MovementKind.REGISTRATION,
        MovementKind.TO_INPATIENT,
        MovementKind.TO_OUTPATIENT,
    }
)


def family_of(kind: str) -> str:
    return "entry" if kind in ENTRIES else kind
