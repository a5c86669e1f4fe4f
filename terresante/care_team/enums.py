from django.db.models import TextChoices


class TeamRole(TextChoices):
    """What the member is for this patient; his profession is the directory's."""

    ATTENDING = "attending", "Médecin traitant"
    REFERENT = "referent", "Référent de parcours"
    MEMBER = "member", "Membre de l’équipe"


class Basis(TextChoices):
    """Why this member may share (L1110-12 CSP, DOMAIN.md 2.1)."""

    CARE_TEAM = "care_team", "Équipe de soins"
    CONSENT = "consent", "Consentement du patient"
    SUPPORT = "support", "Structure d’appui"


class ConsentKind(TextChoices):
    """Separate switches: each can be given and withdrawn alone."""

    OPPOSITION_RECORD = "opposition_record", "Opposition au dossier"
    OPPOSITION_EMERGENCY = "opposition_emergency", "Opposition à l’accès en urgence"
    CONSENT_OUTSIDE_TEAM = "consent_outside_team", "Consentement hors équipe de soins"


class ComplaintState(TextChoices):
    """What became of an access that a patient contests."""

    OPEN = "open", "En attente de réponse"
    JUSTIFIED = "justified", "Accès justifié"
    UNJUSTIFIED = "unjustified", "Accès non justifié"


class DataClass(TextChoices):
    """Rows of the role × data matrix (DOMAIN.md 2.1)."""

    MEDICAL = "medical", "Suivi médical"
    CARE = "care", "Soins"
    COORDINATION = "coordination", "Coordination"
    SOCIAL = "social", "Social"
    STAY = "stay", "Séjour"
    CIRCLE = "circle", "Cercle"


class RoleGroup(TextChoices):
    """Columns of the role × data matrix."""

    PHYSICIAN = "physician", "Médecins"
    NURSE = "nurse", "Infirmiers et sages-femmes"
    PHARMACIST = "pharmacist", "Pharmaciens"
    PARAMEDIC = "paramedic", "Rééducation et paramédicaux"
    PSYCHOLOGIST = "psychologist", "Psychologues"
    SOCIAL = "social", "Travailleurs sociaux"
    HOME_AIDE = "home_aide", "Aides à domicile"
    COORDINATOR = "coordinator", "Coordinateurs"
    SECRETARY = "secretary", "Secrétariats"
    GUARDIAN = "guardian", "Mandataires judiciaires"
    OTHER = "other", "Autres"
