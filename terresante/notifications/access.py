from django.db.models import Q

from terresante.directory.enums import Duty
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.notifications.choices import ADMINISTRATORS, OFFICERS, PATIENTS, PROFESSIONALS, Offer
from terresante.notifications.models import NotificationPreference, PushSubscription

PUSH_SUBSCRIBE = Action("notifications.device", "Régler les alertes d’un appareil")
PREFERENCES_EDIT = Action("notifications.edit", "Régler ses notifications")


@rule(PREFERENCES_EDIT, NotificationPreference, visible=True)
def own_preferences(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id is not None else NOBODY


@rule(PUSH_SUBSCRIBE, PushSubscription, visible=True)
def own_subscriptions(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id is not None else NOBODY


def offers_to(actor: Actor) -> tuple[Offer, ...]:
    """What he may be told of: by what he is, and the duties he has."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return PATIENTS
    officers = OFFICERS if actor.has_duty(Duty.PRIVACY_OFFICER) else ()
    administrators = ADMINISTRATORS if actor.has_duty(Duty.ADMINISTRATOR) else ()
    return (*PROFESSIONALS, *officers, *administrators)
