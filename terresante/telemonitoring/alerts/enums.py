from django.db.models import TextChoices


class AlertKind(TextChoices):
    ANSWER = "answer", "Réponse"
    # A measured value, red for the first time: it is measured again before it stands.
    CONFIRMATION = "confirmation", "À confirmer"
    NO_ANSWER = "no-answer", "Sans réponse"


class AlertState(TextChoices):
    NEW = "new", "À prendre"
    TAKEN = "taken", "Prise"
    CALLED = "called", "Appelée"
    CLOSED = "closed", "Close"


class AlertLevel(TextChoices):
    """Who is waited for, in the order in which an alert climbs."""

    OPERATOR = "operator", "Opérateur"
    SECOND = "second", "Second opérateur"
    PHYSICIAN = "physician", "Médecin de la cellule"
    ON_CALL = "on-call", "Astreinte"


class AlertOutcome(TextChoices):
    ADVICE = "advice", "Conseil donné"
    PHYSICIAN = "physician", "Adressé à un médecin"
    TELECONSULTATION = "teleconsultation", "Téléconsultation"
    SAMU = "samu", "SAMU, centre 15"
    HOSPITALISED = "hospitalised", "Hospitalisation"
    FALSE_ALARM = "false_alarm", "Fausse alerte"
    RESOLVED = "resolved", "Tout va bien"


class CallResult(TextChoices):
    REACHED = "reached", "Personne jointe"
    NO_ANSWER = "no-answer", "Pas de réponse"
    VOICEMAIL = "voicemail", "Message laissé"
    WRONG_NUMBER = "wrong-number", "Mauvais numéro"


# Of `pathway.Colour.rank`: what is red comes first.
SEVERITY = {"green": 0, "grey": 1, "orange": 2, "red": 3}
