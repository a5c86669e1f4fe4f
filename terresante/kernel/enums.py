from django.db.models import TextChoices


class Outcome(TextChoices):
    DONE = "done", "fait"
    REFUSED = "refused", "refusé"


class OutboundState(TextChoices):
    WAITING = "waiting", "en attente"
    SENT = "sent", "envoyé"
    ABANDONED = "abandoned", "abandonné"
    # There is nobody at that address any more: nothing to repeat, nobody to alarm.
    DROPPED = "dropped", "sans destinataire"


class OutboundChannel(TextChoices):
    EMAIL = "email", "courriel"
    SMS = "sms", "SMS"
    PUSH = "push", "notification d’un appareil"
    PEER = "peer", "message vers un autre logiciel"
