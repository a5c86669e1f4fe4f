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


class DataClass(TextChoices):
    """Rows of the role × data matrix (DOMAIN.md 2.1)."""

    MEDICAL = "medical", "Suivi médical"
    CARE = "care", "Soins"
    COORDINATION = "coordination", "Coordination"
    SOCIAL = "social", "Social"
    STAY = "stay", "Séjour"
    CIRCLE = "circle", "Cercle"


class Sector(TextChoices):
    """Care whose very existence is kept to those who give it, by default (DOMAIN.md 2.1)."""

    PSYCHIATRY = "psychiatry", "Psychiatrie"
    ADDICTOLOGY = "addictology", "Addictologie"


class Confidentiality(TextChoices):
    """Who reads what one writes about a patient (MISSION C2), from the narrowest; what `queries.limits` makes of it."""

    MYSELF = "myself", "Moi seulement"
    STRUCTURE = "structure", "Ma structure"
    RESTRICTED = "restricted", "Suivi restreint"
    CIRCLE = "circle", "Le cercle de soins"
    CIRCLE_AND_PATIENT = "shared", "Le cercle et la personne"


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


class ReviewOutcome(TextChoices):
    """What the privacy officer concludes of an emergency access."""

    JUSTIFIED = "justified", "Justifié"
    TO_EXPLAIN = "to_explain", "À expliquer par le professionnel"
    UNJUSTIFIED = "unjustified", "Injustifié"


class Consequence(TextChoices):
    """What follows an unjustified access; the platform holds the second one itself."""

    REMINDER = "reminder", "Rappel écrit des règles"
    WITHDRAWN = "withdrawn", "Accès en urgence retiré au professionnel"
    REPORTED = "reported", "Signalement à la direction de sa structure"


class HandOverKind(TextChoices):
    DEFINITIVE = "definitive", "Pour de bon"
    LEAVE = "leave", "Le temps d’un congé"
    RETURN = "return", "Retour de congé"


class HandOverState(TextChoices):
    """Of one patient in a hand-over; one that nobody answered in time is still proposed, and shown late."""

    PROPOSED = "proposed", "Proposé"
    ACCEPTED = "accepted", "Accepté"
    REFUSED = "refused", "Refusé"
    WITHDRAWN = "withdrawn", "Retiré"
