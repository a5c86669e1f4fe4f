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
    OPPOSITION_SAMU = "opposition_samu", "Opposition à l’accès du SAMU"
    CONSENT_RECORD = "consent_record", "Consentement à la création du dossier"
    CONSENT_SHARING = "consent_sharing", "Consentement au partage du dossier"
    CONSENT_OUTSIDE_TEAM = "consent_outside_team", "Consentement hors équipe de soins"


class ComplaintState(TextChoices):
    """What became of an access that a patient contests."""

    OPEN = "open", "En attente de réponse"
    JUSTIFIED = "justified", "Accès justifié"
    UNJUSTIFIED = "unjustified", "Accès non justifié"


class ConsentGround(TextChoices):
    """How the platform knows: the person said it, or what dispenses from asking for now (D1110-3-4 CSP)."""

    GIVEN = "given", "La personne a consenti"
    UNABLE = "unable", "Elle est hors d’état d’exprimer sa volonté"
    URGENT = "urgent", "L’urgence n’a pas permis de la consulter"
    IMPOSSIBLE = "impossible", "Il a été impossible de la consulter"


class ConsentSupport(TextChoices):
    """What the choice was said on (D1110-3-2 CSP: any means, electronic included)."""

    WRITTEN = "written", "Écrit, signé"
    ELECTRONIC = "electronic", "Message électronique"
    ORAL = "oral", "Oral, noté au dossier"


class RecipientCategory(TextChoices):
    """The two categories of R1110-2 CSP; going from one to the other, the person is told first (R1110-3)."""

    HEALTH = "health", "Professionnel de santé"
    OTHER = "other", "Autre professionnel du champ social, médico-social ou de l’accompagnement"


class UrgentKind(TextChoices):
    """Two doors of L1111-17 CSP, each closed by an opposition of its own."""

    BREAK_GLASS = "break_glass", "Accès en urgence"
    SAMU = "samu", "Appel au SAMU"


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


class JoinReason(TextChoices):
    """Why somebody comes into a circle; « a rejoint le cercle parce que »."""

    FOLLOWS = "follows", "Il suit la personne"
    PRESCRIBED = "prescribed", "Il intervient sur prescription"
    REPLACES = "replaces", "Il remplace un professionnel"
    OPINION = "opinion", "Son avis est demandé"
    DISCHARGE = "discharge", "Il prépare une hospitalisation ou une sortie"
    SOCIAL = "social", "Il accompagne la vie quotidienne"
    WISHED = "wished", "La personne le souhaite"
    OTHER = "other", "Autre raison"

    @property
    def said(self) -> str:
        """Of a woman, a man or a structure alike: « suit la personne », « son avis est demandé »."""
        words = str(self.label).removeprefix("Il ")
        return f"{words[:1].lower()}{words[1:]}"


class JoinState(TextChoices):
    ASKED = "asked", "En attente"
    ACCEPTED = "accepted", "Acceptée"
    REFUSED = "refused", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée"
    EXPIRED = "expired", "Sans réponse"
