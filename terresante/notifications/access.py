from django.db.models import Q

from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor
from terresante.notifications.models import EmailPreference, PushSubscription

PUSH_SUBSCRIBE = Action("notifications.device", "Régler les alertes d’un appareil")
PREFERENCES_EDIT = Action("notifications.edit", "Régler ses courriels d’alerte")


@rule(PREFERENCES_EDIT, EmailPreference, visible=True)
def own_preferences(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id is not None else NOBODY


@rule(PUSH_SUBSCRIBE, PushSubscription, visible=True)
def own_subscriptions(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id is not None else NOBODY
