from django.db.models import TextChoices


class Outcome(TextChoices):
    DONE = "done", "fait"
    REFUSED = "refused", "refusé"


class OutboundState(TextChoices):
    WAITING = "waiting", "en attente"
    SENT = "sent", "envoyé"
    ABANDONED = "abandoned", "abandonné"


class OutboundChannel(TextChoices):
    EMAIL = "email", "courriel"
    SMS = "sms", "SMS"
