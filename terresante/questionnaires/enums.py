from django.db.models import TextChoices

from terresante.care_team.enums import DataClass

# The classes of the role × data matrix that a pathway may have: its answers are read as notes of that class are.
PATHWAY_CLASSES = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
PATHWAY_CHOICES = [(name.value, name.label) for name in PATHWAY_CLASSES]


class PathwayKind(TextChoices):
    FOLLOW_UP = "follow-up", "Suivi à domicile"
    SURGERY = "surgery", "Chirurgie"
    ASSESSMENT = "assessment", "Évaluation"
    SHEET = "sheet", "Fiche"


class VersionStatus(TextChoices):
    """FHIR PublicationStatus."""

    DRAFT = "draft", "Brouillon"
    PUBLISHED = "published", "Publiée"
    RETIRED = "retired", "Retirée"


class ResponseStatus(TextChoices):
    """FHIR QuestionnaireResponseStatus."""

    IN_PROGRESS = "in-progress", "En cours"
    COMPLETED = "completed", "Terminée"
    STOPPED = "stopped", "Abandonnée"


class ResponseSource(TextChoices):
    """Who answered, and by which way."""

    PROFESSIONAL = "professional", "Un professionnel"
    PATIENT = "patient", "La personne"
    REPRESENTATIVE = "representative", "Son représentant"
    CARER = "carer", "Un aidant"
    LINK = "link", "Par un lien"
    PHONE = "phone", "Par téléphone"
    SMS = "sms", "Par SMS"
    OFFLINE = "offline", "Envoyée plus tard"


class ResponseColour(TextChoices):
    """What the rules of the pathway say of an answer; grey: nothing was answered, or no rule applies."""

    GREY = "grey", "Gris"
    GREEN = "green", "Vert"
    ORANGE = "orange", "Orange"
    RED = "red", "Rouge"
