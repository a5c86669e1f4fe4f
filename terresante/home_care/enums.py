from django.db.models import TextChoices

# In characters.
FIELD_MAX_LENGTH = 60
CODES_MAX_LENGTH = 120
NOTE_MAX_LENGTH = 300


class SaidBy(TextChoices):
    """Who said how one gets in; the kinds of actors who may."""

    PROFESSIONAL = "professional", "Un professionnel"
    PATIENT = "patient", "La personne"
    REPRESENTATIVE = "representative", "Un proche"
