from django.db.models import TextChoices


class Sex(TextChoices):
    FEMALE = "F", "Féminin"
    MALE = "M", "Masculin"
    UNKNOWN = "U", "Inconnu"


class IdentityStatus(TextChoices):
    """RNIV EXI SI 07; FR-Core `fr-core-cs-identity-status`."""

    PROVISIONAL = "PROV", "Identité provisoire"
    RETRIEVED = "RECUP", "Identité récupérée"
    VALIDATED = "VALI", "Identité validée"
    QUALIFIED = "QUAL", "Identité qualifiée"


class InformationSupport(TextChoices):
    """How the person was told of the record before sharing began."""

    ORAL_WITH_NOTICE = "oral_notice", "Entretien, avec la notice remise"
    NOTICE_POSTED = "posted", "Notice envoyée"
    REPRESENTATIVE = "representative", "Représentant légal informé, notice remise"


class Relationship(TextChoices):
    CHILD = "child", "Enfant"
    SPOUSE = "spouse", "Conjoint ou conjointe"
    PARENT = "parent", "Parent"
    SIBLING = "sibling", "Frère ou sœur"
    GUARDIAN = "guardian", "Représentant légal"
    NEIGHBOUR = "neighbour", "Voisin ou voisine"
    OTHER = "other", "Autre proche"
