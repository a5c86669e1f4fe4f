from django.db.models import TextChoices


class CodeChannel(TextChoices):
    """How a six-digit code reaches its owner."""

    APPLICATION = "application", "par mon application d’authentification"
    SMS = "sms", "par SMS"
    EMAIL = "email", "par courriel"


class ChallengePurpose(TextChoices):
    LOGIN = "login", "connexion"
    PHONE = "phone", "numéro de téléphone à vérifier"


class DeviceChoice(TextChoices):
    """What a person says of the device he logs in from."""

    NONE = "none", "Ne rien retenir"
    TRUSTED = "trusted", "C’est mon appareil : ne plus demander de code pendant 30 jours"
    SHARED = "shared", "C’est un poste partagé : verrouiller après 10 minutes sans activité"


class LoginWay(TextChoices):
    """How a session was opened: what its owner sees of it, and what it may be used for."""

    CODE = "code", "Mot de passe et code"
    TRUSTED_DEVICE = "trusted_device", "Mot de passe, sur un appareil de confiance"
    RECOVERY_CODE = "recovery_code", "Mot de passe et code de secours"
    PASSKEY = "passkey", "Clé d’accès"
    PSC = "psc", "Pro Santé Connect"
    CPS = "cps", "Carte CPS"
    FRANCE_CONNECT = "franceconnect", "FranceConnect"


# Somebody else vouches for the person: no code of ours is asked, no passkey offered.
PROVED_ELSEWHERE = frozenset({LoginWay.PSC, LoginWay.CPS, LoginWay.FRANCE_CONNECT})
# A proof of profession opens no patient's pages; a citizen's identity opens no professional's.
OF_PROFESSIONALS = frozenset({LoginWay.PSC, LoginWay.CPS})


class LinkPurpose(TextChoices):
    PASSWORD = "password", "mot de passe oublié"
    # Sent by whoever opened the account for its owner.
    FIRST_PASSWORD = "first_password", "premier mot de passe"
    SECOND_FACTOR = "second_factor", "second facteur perdu"


# What sets a password, once spent.
PASSWORD_LINKS = frozenset({LinkPurpose.PASSWORD, LinkPurpose.FIRST_PASSWORD})


class AccountAct(TextChoices):
    """What somebody else did to an account: told to its owner, kept with its reason."""

    CLOSED = "closed", "Compte fermé"
    REOPENED = "reopened", "Compte rouvert"
    FACTORS = "factors", "Second facteur réinitialisé"
    SESSIONS = "sessions", "Sessions fermées"
    UNLOCKED = "unlocked", "Compte débloqué"
    LOGIN_MAIL = "login_mail", "Courriel de connexion renvoyé"


class IdentityCheck(TextChoices):
    """How whoever asks was recognised, before a second factor is taken away."""

    PRESENCE = "presence", "En présence, pièce d’identité vue"
    VIDEO = "video", "En visioconférence, pièce d’identité vue"
    CALL_BACK = "call_back", "Rappel au numéro connu de l’annuaire ou de la structure"
