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


class ProofDocument(TextChoices):
    """ZFD-7 of IHE PAM France; FR-Core `fr-core-cs-mode-validation-identity`."""

    IDENTITY_CARD = "CN", "Carte nationale d’identité"
    PASSPORT = "PA", "Passeport"
    RESIDENCE_PERMIT = "CS", "Carte de séjour"
    EUROPEAN_CARD = "CE", "Carte européenne"
    ELECTRONIC_IDENTITY = "IE", "Identité électronique (eIDAS)"
    FAMILY_BOOK = "LE", "Livret de famille"
    BIRTH_EXTRACT = "AN", "Extrait d’acte de naissance"
    BIRTH_CERTIFICATE = "AC", "Acte de naissance"
    MINOR_CIRCULATION = "DC", "Document de circulation pour étranger mineur"
    CIRCULATION_BOOK = "CC", "Carnet de circulation"
    MILITARY_CARD = "CM", "Carte militaire"
    DRIVING_LICENCE = "PC", "Permis de conduire"
    TRUSTED_THIRD_PARTY = "TC", "Tiers de confiance"


class InsiOperation(TextChoices):
    SEARCH = "search", "Recherche par traits"
    VERIFY = "verify", "Vérification du matricule"


class InsiAnswer(TextChoices):
    """What the teleservice answered (INTEROP.md 2); two-digit codes are those of the search."""

    FOUND = "00", "Une identité trouvée"
    NONE = "01", "Aucune identité trouvée"
    SEVERAL = "02", "Plusieurs identités correspondent"
    CONFIRMED = "OK", "Matricule et traits confirmés"
    DENIED = "KO", "Matricule ou traits non confirmés"
    UNAVAILABLE = "unavailable", "Téléservice indisponible"


class IdentityChangeKind(TextChoices):
    RETRIEVED = "retrieved", "Identité reprise du téléservice INSi"
    VERIFIED = "verified", "Identité vérifiée auprès d’INSi"
    DENIED = "denied", "Matricule retiré : INSi ne le confirme pas"
    PROVEN = "proven", "Pièce d’identité contrôlée"
    CORRECTED = "corrected", "Traits corrigés"
    FLAGGED = "flagged", "Attributs modifiés"
    ALIVE = "alive", "Décès effacé : noté par erreur"
    DEATH = "death", "Décès confirmé, après avoir été effacé"


class DuplicateState(TextChoices):
    OPEN = "open", "À examiner"
    DISTINCT = "distinct", "Deux personnes différentes"


class LinkCause(TextChoices):
    """Why somebody vouched for by FranceConnect was not let in by himself."""

    NOBODY = "nobody", "Aucun dossier ne porte ces cinq traits"
    SEVERAL = "several", "Plusieurs dossiers portent ces cinq traits"
    CHANGED = "changed", "Les traits ne sont plus ceux du dossier ouvert jusqu’ici"
    DOUBTFUL = "doubtful", "Le dossier est celui d’une identité douteuse, fictive ou d’une personne décédée"
    INCOMPLETE = "incomplete", "FranceConnect ne donne pas les cinq traits"


class LinkState(TextChoices):
    OPEN = "open", "À examiner"
    LINKED = "linked", "Rattachée"
    REFUSED = "refused", "Refusée"


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


class DelegationBasis(TextChoices):
    """Why a relative acts in the name of somebody (DOMAIN.md 2.6); nothing else opens an access to a relative."""

    PARENTAL = "parental", "Autorité parentale"
    GUARDIANSHIP = "guardianship", "Tutelle"
    FAMILY_HABILITATION = "habilitation", "Habilitation familiale en représentation"
    FUTURE_MANDATE = "mandate", "Mandat de protection future"
    CARER = "carer", "Aidant désigné par la personne"


class ProtectionMission(TextChoices):
    """What a measure of protection is about (article 425 of the Code civil)."""

    PERSON = "person", "La personne"
    PROPERTY = "property", "Les biens"
    BOTH = "both", "La personne et ses biens"


class DelegationProof(TextChoices):
    JUDGMENT = "judgment", "Jugement"
    MANDATE = "mandate", "Mandat visé par le greffe"
    FAMILY_BOOK = "family_book", "Livret de famille"
    BIRTH_CERTIFICATE = "birth", "Acte de naissance"
    SIGNED_FORM = "signed_form", "Formulaire signé par la personne"
    ONLINE = "online", "Donné par la personne dans son espace"


class DelegatedScope(TextChoices):
    """What a carer may do besides reading the identity and the circle, when the person says so (DOMAIN.md 2.1)."""

    CARE = "care", "Les notes de soins"
    COORDINATION = "coordination", "Les notes de coordination"
    STAY = "stay", "Les séjours à l’hôpital"
    # No class of data: he answers and reads nothing of the follow-up (« W if delegated »).
    ANSWERS = "answers", "Répondre aux questionnaires du suivi à domicile, sans rien en lire"
