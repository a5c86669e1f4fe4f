from django.db.models import TextChoices


class ExportReason(TextChoices):
    """Why a professional takes a whole record out; a person takes out her own and gives none."""

    REQUEST = "request", "À la demande de la personne"
    CONTINUITY = "continuity", "Pour un professionnel qui la suit hors de la plateforme"
    MOVE = "move", "Elle change de région ou d’équipe"
    AUTHORITY = "authority", "Demande d’une autorité, ou expertise"


class ExportForm(TextChoices):
    PDF = "pdf", "PDF à lire ou à imprimer"
    FHIR = "fhir", "Archive : données FHIR et fichiers"
