from collections.abc import Iterable, Sequence
from hmac import compare_digest
from uuid import UUID

from django.conf import settings

from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Refused
from terresante.kernel.events import Event
from terresante.kernel.outbound import queue_same_email, queue_same_push
from terresante.notifications.access import PREFERENCES_EDIT, PUSH_SUBSCRIBE
from terresante.notifications.models import EmailPreference, PushSubscription
from terresante.notifications.queries import Address, audiences_by_email, devices_of, known_device
from terresante.notifications.webpush import NewSubscription

# One wording for every event and every patient: an e-mail crosses networks and telephones that nobody protects.
SUBJECT = "Une nouvelle information vous attend"
BODY = (
    "Vous avez une nouvelle information dans Terr-eSanté.\n\nConnectez-vous pour la consulter : {base_url}\n"
)

PUSH = '{"title": "Terr-eSanté", "body": "Une nouvelle information vous attend.", "url": "/"}'


def email_alerts(events: Sequence[Event]) -> int:
    """Tells those who may read each event and want an e-mail for it, once each; returns how many."""
    keys = [f"{type(event).__name__}:{event.object_id}" for event in events]
    return notify(zip(keys, audiences_by_email(events), strict=True))


def notify(told: Iterable[tuple[str, Iterable[Address]]]) -> int:
    """Queues the constant text; the same key and address are told once, whoever repeats it."""
    pairs = [(event_key, address) for event_key, addresses in told for address in addresses]
    recipients = {f"{event_key}:{address.key}": address.email for event_key, address in pairs}
    queue_same_email(recipients, subject=SUBJECT, body=BODY.format(base_url=settings.BASE_URL))
    devices = devices_of({address.key for _, address in pairs})
    queue_same_push(
        {
            f"{event_key}:{device}": str(device)
            for event_key, address in pairs
            for device in devices.get(address.key, ())
        },
        text=PUSH,
    )
    return len(recipients)


@action
def save_preferences(actor: Actor, *, own_circle: bool, my_structure: bool) -> EmailPreference:
    if actor.kind != ActorKind.PROFESSIONAL or actor.user_id is None:
        raise Refused("Ces réglages concernent les professionnels.")
    preference, _ = EmailPreference.objects.update_or_create(
        user_id=actor.user_id, defaults={"own_circle": own_circle, "my_structure": my_structure}
    )
    audit.record(actor, PREFERENCES_EDIT, about=preference)
    return preference


@action
def subscribe_device(actor: Actor, *, device_id: UUID | None, wanted: NewSubscription) -> PushSubscription:
    """Alerts on the browser somebody is logged in from. Raises Refused, Conflict."""
    device = known_device(actor, device_id)
    if device is None or device.is_shared:
        raise Refused("Les alertes se reçoivent sur un appareil à soi, où l’on s’est connecté soi-même.")
    _free_endpoint(actor, wanted)
    subscription, _ = PushSubscription.objects.update_or_create(
        device=device,
        defaults={
            "user_id": device.user_id,
            "words": device.words,
            "endpoint": wanted.endpoint,
            "point": wanted.point,
            "auth": wanted.auth,
            "last_success_at": None,
        },
    )
    audit.record(actor, PUSH_SUBSCRIBE, about=subscription)
    return subscription


def _free_endpoint(actor: Actor, wanted: NewSubscription) -> None:
    """A browser that serves several accounts gives the same address to each: it is the last one's. Only who has the
    secret of the subscription as well is that browser.
    """
    held = PushSubscription.objects.filter(endpoint=wanted.endpoint).first()
    if held is None:
        return
    if held.user_id != actor.user_id and not compare_digest(bytes(held.auth), wanted.auth):
        raise Conflict("Cet appareil n’a pas pu être inscrit. Rechargez la page et recommencez.")
    held.delete()


@action
def end_subscription(actor: Actor, subscription_id: UUID) -> None:
    """Raises NotFound for another's."""
    subscription = access.get(actor, PUSH_SUBSCRIBE, PushSubscription, subscription_id, lock=True)
    audit.record(actor, PUSH_SUBSCRIBE, about=subscription, detail={"ended": True})
    subscription.delete()


def forget_subscription(*, user_id: UUID, device_id: UUID) -> None:
    PushSubscription.objects.filter(user_id=user_id, device_id=device_id).delete()
