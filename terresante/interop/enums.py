from django.db.models import TextChoices


class MessageState(TextChoices):
    RECEIVED = "received", "À traiter"
    HELD = "held", "En attente d’un message précédent"
    APPLIED = "applied", "Appliqué"
    IGNORED = "ignored", "Sans effet"
    NO_CANDIDATE = "no_candidate", "Personne sans dossier"
    DOUBTFUL = "doubtful", "Identité à vérifier"
    UNREADABLE = "unreadable", "Illisible"
    REFUSED = "refused", "Refusé"
    OPPOSED = "opposed", "Opposition"
    FAILED = "failed", "En échec"
    PUT_ASIDE = "put_aside", "Écarté"
    PURGED = "purged", "Effacé"


# A later message about the same identity waits behind one of these.
HOLDING = (MessageState.HELD, MessageState.DOUBTFUL, MessageState.FAILED)
# What a person must see (DESIGN.md 6).
TO_VERIFY = (MessageState.DOUBTFUL, MessageState.UNREADABLE, MessageState.REFUSED, MessageState.FAILED)


class LookReason(TextChoices):
    """Why somebody has the identity of a message shown; written in the trail."""

    IDENTITY = "identity", "Décider de l’identité"
    REFUSAL = "refusal", "Expliquer un refus à l’établissement"
    FAILURE = "failure", "Comprendre un échec"


class RunKind(TextChoices):
    """What set a rule of the robot going."""

    GIVEN = "given", "Fichier donné"
    NIGHT = "night", "Fichier de la nuit"
    DISCHARGE = "discharge", "Sortie de l’unité"


class PreparedState(TextChoices):
    TO_INFORM = "to_inform", "À informer"
    INFORMED = "informed", "Informée"
    ABANDONED = "abandoned", "Abandonné"


class AbandonReason(TextChoices):
    UNREACHABLE = "unreachable", "La personne n’a pas pu être jointe"
    POINTLESS = "pointless", "Le suivi n’a plus lieu d’être"
    MISTAKE = "mistake", "Préparé par erreur"
    DECEASED = "deceased", "La personne est décédée"


class MessageOutcome(TextChoices):
    """Why a message ended where it is; sentences for the screen, without a word of its content."""

    NONE = "", ""
    STAY = "stay", "Mouvement enregistré dans le séjour."
    IDENTITY_LINKED = "identity_linked", "Identifiant rattaché au patient."
    IDENTITY_UPDATED = "identity_updated", "Identité du patient complétée."
    IDENTITY_KNOWN = "identity_known", "Identité déjà connue, rien à changer."
    IDENTIFIER_REPLACED = "identifier_replaced", "Ancien identifiant redirigé vers le nouveau."
    DOCUMENT_FILED = "document_filed", "Document déposé au dossier."
    DOCUMENT_REPLACED = "document_replaced", "Nouvelle version du document déposée au dossier."
    DOCUMENT_WITHDRAWN = "document_withdrawn", "Document retiré du dossier, à la demande de l’émetteur."
    DOCUMENT_KNOWN = "document_known", "Ce document a déjà été transmis : rien à changer."
    OTHER_CONTENT = (
        "other_content",
        "Un autre document a déjà été transmis sous cet identifiant : il n’est pas classé.",
    )
    DOCUMENT_UNKNOWN = "document_unknown", "Le document à retirer n’est pas au dossier."
    RESULTS_FILED = "results_filed", "Résultats de biologie déposés au dossier."
    RESULTS_REPLACED = "results_replaced", "Résultats de biologie complétés ou corrigés."
    RESULTS_WITHDRAWN = "results_withdrawn", "Résultats de biologie retirés, à la demande de l’émetteur."
    RESULTS_KNOWN = "results_known", "Ces résultats ont déjà été transmis : rien à changer."
    RESULTS_UNKNOWN = "results_unknown", "Les résultats à retirer ne sont pas au dossier."
    INFECTED = "infected", "L’antivirus a reconnu un programme malveillant dans le document."
    BUSINESS_ACK = "business_ack", "Accusé métier : rien de notre envoi n’y est nommé."
    UNUSED_EVENT = "unused_event", "Événement sans effet sur la coordination."
    NO_VISIT = "no_visit", "Le message ne porte ni venue ni mouvement."
    NO_RECORD = "no_record", "Aucun dossier ne correspond : le message est gardé quelques jours, chiffré."
    SEVERAL = "several", "Plusieurs patients correspondent."
    CLOSE = "close", "Un patient ressemble, sans certitude."
    CONTRADICTION = "contradiction", "L’identité reçue contredit celle du patient rattaché."
    DEATH_CLEARED = (
        "death_cleared",
        "Le message annonce un décès que la cellule d’identitovigilance avait effacé.",
    )
    TWO_PATIENTS = "two_patients", "La fusion concerne deux patients distincts."
    UNLINKED = "unlinked", "L’établissement sépare deux identifiants rattachés au même patient."
    ACCOUNT_MOVED = "account_moved", "L’établissement rattache une venue à une autre personne."
    VISIT_OF_ANOTHER = "visit_of_another", "Le numéro de venue est celui d’une autre personne."
    OPPOSED = "opposed", "La personne s’oppose à son dossier : rien n’est gardé."
    MERGE_LOOP = "merge_loop", "Fusion refusée : l’identifiant remplacé est aussi celui qui le remplace."
    NO_VISIT_NUMBER = (
        "no_visit_number",
        "Le numéro de venue (PV1-19) manque : l’émetteur doit le transmettre.",
    )
    UNCLEAR_CORRECTION = (
        "unclear_correction",
        "La correction ne dit pas quel mouvement elle corrige (ZBE-1, ZBE-6).",
    )
    NOT_READABLE = "not_readable", "Message illisible, refusé à l’émetteur avec la raison."
    NOT_ACCEPTED = "not_accepted", "Message incomplet ou non pris en charge, refusé à l’émetteur."
    FOREIGN_AUTHORITY = (
        "foreign_authority",
        "L’émetteur n’est pas déclaré pour l’autorité de ces identifiants.",
    )
    NOT_DECLARED = "not_declared", "L’émetteur n’est pas déclaré pour ce type de message."
    BUG = "bug", "Le traitement a échoué : l’équipe technique doit intervenir."
    NOBODY_HERE = "nobody_here", "Vérifié : personne ici."
    SET_ASIDE = "set_aside", "Écarté par la cellule d’identitovigilance."
    TOO_OLD = "too_old", "Effacé après le délai de garde."


class ApiScope(TextChoices):
    """What an access to the FHIR interface may ask for: the transactions of IHE MHD, and flux 3 of PDSm (README)."""

    SUBMIT = "ITI-65", "Déposer un lot de documents (ITI-65)"
    SUBMIT_ONE = "ITI-105", "Déposer un document (ITI-105)"
    UPDATE = "PDSm-3", "Retirer un document déposé, ou en changer la visibilité (PDSm, flux 3)"
    FIND_LISTS = "ITI-66", "Chercher des lots et des classeurs (ITI-66)"
    FIND = "ITI-67", "Chercher des documents (ITI-67)"
    RETRIEVE = "ITI-68", "Lire le contenu d’un document (ITI-68)"


# Asked for somebody: the token names the professional, and his rights decide.
READING_SCOPES = frozenset({ApiScope.FIND_LISTS, ApiScope.FIND, ApiScope.RETRIEVE})


class ListKind(TextChoices):
    """Codes of MHDlistTypes."""

    SUBMISSION = "submissionset", "Lot de soumission"
    FOLDER = "folder", "Classeur"
