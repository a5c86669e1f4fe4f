from django.db.models import TextChoices


class Notice(TextChoices):
    """What somebody may be told of. The label is what the settings say; a message never says which it was."""

    STAY = "stay", "Alertes de l’hôpital"
    NOTE = "note", "Nouvelles notes"
    NOTE_ANSWERED = "note_answered", "Réponses à vos notes"
    DOCUMENT = "document", "Nouveaux documents"
    DOCUMENT_ADDRESSED = "document_addressed", "Documents à votre nom"
    DECLARED = "declared", "Déclarations des patients"
    CIRCLE = "circle", "Vie du cercle"
    EMERGENCY = "emergency", "Accès en urgence"
    PRIVACY = "privacy", "Actes à surveiller"
    FIRST_ACCESS = "first_access", "Premier accès d’un professionnel"
    DELEGATION = "delegation", "Accès donné à un proche"
    ANSWER = "answer", "Réponse à une contestation"
    TEAM = "team", "Passage de relais"
    JOIN = "join", "Demande à rejoindre l’équipe"
    FLOW = "flow", "Raccordements"
    QUESTIONNAIRE = "questionnaire", "Questionnaire à remplir"
    NOTE_SHOWN = "note_shown", "Nouvelle note à lire"
    DOCUMENT_SHOWN = "document_shown", "Nouveau document à lire"


class Channel(TextChoices):
    APP = "app", "À l’écran"
    PUSH = "push", "Appareils"
    EMAIL = "email", "Courriel"
    SMS = "sms", "SMS"
    DIGEST = "digest", "Résumé du jour"


class Reach(TextChoices):
    """Why somebody may know of an event: he is named by it, of the circle, or of a structure in it."""

    NAMED = "named", "nommément"
    CIRCLE = "circle", "par le cercle"
    STRUCTURE = "structure", "par sa structure"
