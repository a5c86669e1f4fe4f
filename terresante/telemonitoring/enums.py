from datetime import timedelta

from django.db.models import TextChoices

# The link of who answers without an account; a surgery's goes from a month before to a month after.
LINK_LASTS = timedelta(days=120)
# How long after its last date a follow-up ends by itself: a late answer still reaches the board.
ENDS_AFTER = timedelta(days=7)
# What the board draws of the main value.
TREND_DAYS = 7


class FollowUpState(TextChoices):
    ACTIVE = "active", "En cours"
    SUSPENDED = "suspended", "Suspendu"
    ENDED = "ended", "Terminé"


class Respondent(TextChoices):
    """Who fills the questionnaires."""

    PATIENT = "patient", "La personne elle-même"
    CARER = "carer", "Un proche"
    OPERATOR = "operator", "L’équipe, en l’appelant"


class ExpectedState(TextChoices):
    """Of one questionnaire of the schedule. Missed: the next one of the same form was due before it was answered."""

    WAITING = "waiting", "Attendu"
    ANSWERED = "answered", "Rempli"
    MISSED = "missed", "Non rempli"
    CANCELLED = "cancelled", "Annulé"


class EndReason(TextChoices):
    TERM = "term", "Le suivi est arrivé à son terme"
    RECOVERED = "recovered", "La personne va bien"
    HOSPITALISED = "hospitalised", "La personne est hospitalisée"
    OTHER_TEAM = "other_team", "Une autre équipe prend le relais"
    DECLINED = "declined", "La personne ne souhaite plus être suivie"
    DECEASED = "deceased", "La personne est décédée"
    MISTAKE = "mistake", "Suivi ouvert par erreur"


class EnquiryStatus(TextChoices):
    """Of a contact of an index case."""

    TO_START = "to_start", "À initier"
    UNREACHABLE = "unreachable", "Injoignable"
    REACHED = "reached", "Contacté"
    FOLLOWED = "followed", "Suivi commencé"
    REFUSED = "refused", "Ne souhaite pas être suivi"
    CLOSED = "closed", "Enquête terminée"


# Of a contact who has no follow-up of his own yet.
TO_BEGIN = (EnquiryStatus.TO_START, EnquiryStatus.UNREACHABLE, EnquiryStatus.REACHED)
