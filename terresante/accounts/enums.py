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


class LinkPurpose(TextChoices):
    PASSWORD = "password", "mot de passe oublié"
    SECOND_FACTOR = "second_factor", "second facteur perdu"
