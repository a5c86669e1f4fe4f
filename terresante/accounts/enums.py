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
    SECOND_FACTOR = "second_factor", "second facteur perdu"
