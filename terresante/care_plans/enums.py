from django.db.models import TextChoices

from terresante.care_team.enums import DataClass, RoleGroup

# Of the matrix: who reads that somebody is in a programme, and its steps.
PROGRAMME_CLASSES = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
PROGRAMME_CHOICES = [(name.value, name.label) for name in PROGRAMME_CLASSES]
# Groups of the matrix that may have a step to do: the others read nothing of these classes.
STEP_ROLES = (
    *(RoleGroup.PHYSICIAN, RoleGroup.NURSE, RoleGroup.PHARMACIST, RoleGroup.PARAMEDIC),
    *(RoleGroup.PSYCHOLOGIST, RoleGroup.SOCIAL, RoleGroup.HOME_AIDE, RoleGroup.COORDINATOR),
)
MOST_STEPS, MOST_SEQUENCES, MOST_CRITERIA = 30, 20, 20
# In days: five years, the longest experiment of article 51 (L162-31-1 CSS).
LONGEST_DELAY = 1826
# In cents: 100 000 €.
HIGHEST_FEE = 10_000_000
MOST_TIMES = 24


class LegalGround(TextChoices):
    ARTICLE_51 = "article_51", "Expérimentation de l’article 51 (L. 162-31-1 CSS)"
    NONE = "none", "Aucun financement particulier"


class VersionStatus(TextChoices):
    """FHIR PublicationStatus."""

    DRAFT = "draft", "brouillon"
    PUBLISHED = "active", "en vigueur"
    RETIRED = "retired", "remplacée"


class InclusionState(TextChoices):
    ACTIVE = "active", "En cours"
    LEFT = "left", "Sortie"


class LeaveReason(TextChoices):
    COMPLETED = "completed", "Parcours terminé"
    WISH = "wish", "À la demande de la personne"
    MOVED = "moved", "Départ du territoire"
    NOT_ELIGIBLE = "not_eligible", "Ne remplit plus les critères"
    DECEASED = "deceased", "Décès"
    MISTAKE = "mistake", "Inclusion par erreur"
    OTHER = "other", "Autre raison"


class StepState(TextChoices):
    PLANNED = "planned", "À faire"
    DONE = "done", "Fait"
    NOT_NEEDED = "not_needed", "Non nécessaire"
    # With the programme that the person left.
    CANCELLED = "cancelled", "Abandonnée"


class ChangeKind(TextChoices):
    INCLUDED = "included", "Inclusion"
    DONE = "done", "Étape faite"
    MOVED = "moved", "Échéance déplacée"
    NOT_NEEDED = "not_needed", "Étape non nécessaire"
    REOPENED = "reopened", "Étape remise à faire"
    ASSIGNED = "assigned", "Étape confiée"
    ADDED = "added", "Étape ajoutée"
    LEFT = "left", "Sortie du parcours"
