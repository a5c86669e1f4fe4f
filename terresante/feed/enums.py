from django.db.models import TextChoices


class FeedKind(TextChoices):
    """One kind per notable fact; each app above registers how its object is shown (kernel.slots)."""

    NOTE = "note", "Note"
    DOCUMENT = "document", "Document"
    DOCUMENT_REPLACED = "document_replaced", "Document remplacé"
    RESULT = "result", "Résultat de biologie"
    QUESTIONNAIRE = "questionnaire", "Formulaire"
    ALLERGY = "allergy", "Allergie"
    CONDITION = "condition", "Problème de santé"
    TREATMENT = "treatment", "Traitement"
    IMMUNIZATION = "immunization", "Vaccination"
    DIRECTIVE = "directive", "Directive de soins"
    ADMISSION = "admission", "Admission"
    EMERGENCY_VISIT = "emergency_visit", "Passage aux urgences"
    TRANSFER = "transfer", "Transfert"
    LEAVE = "leave", "Permission"
    DISCHARGE = "discharge", "Sortie"
    DISCHARGE_CANCELLED = "discharge_cancelled", "Sortie annulée"
    DEATH = "death", "Décès"
    PLANNED_STAY = "planned_stay", "Hospitalisation prévue"
    MEMBER_JOINED = "member_joined", "Arrivée dans le cercle"
    MEMBER_LEFT = "member_left", "Départ du cercle"
    EMERGENCY_ACCESS = "emergency_access", "Dossier ouvert en urgence"
    PROGRAMME_JOINED = "programme_joined", "Inclusion dans un programme"
    PROGRAMME_LEFT = "programme_left", "Sortie d’un programme"


# Shown first, with « J’ai vu », and announced live (INTEROP.md 4, "Alert logic").
ALERTS = frozenset(
    {
        FeedKind.ADMISSION,
        FeedKind.EMERGENCY_VISIT,
        FeedKind.DISCHARGE,
        FeedKind.DISCHARGE_CANCELLED,
        FeedKind.DEATH,
        FeedKind.EMERGENCY_ACCESS,
    }
)
