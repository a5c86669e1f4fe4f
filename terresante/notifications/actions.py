from collections.abc import Iterable, Sequence

from django.conf import settings

from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.kernel.events import Event
from terresante.kernel.outbound import queue_same_email
from terresante.notifications.access import PREFERENCES_EDIT
from terresante.notifications.models import EmailPreference
from terresante.notifications.queries import Address, audiences_by_email

# One wording for every event and every patient: an e-mail crosses networks and telephones that nobody protects.
SUBJECT = "Une nouvelle information vous attend"
BODY = (
    "Vous avez une nouvelle information dans Terr-eSanté.\n\nConnectez-vous pour la consulter : {base_url}\n"
)


def email_alerts(events: Sequence[Event]) -> int:
    """Tells those who may read each event and want an e-mail for it, once each; returns how many."""
    keys = [f"{type(event).__name__}:{event.object_id}" for event in events]
    return notify(zip(keys, audiences_by_email(events), strict=True))


def notify(told: Iterable[tuple[str, Iterable[Address]]]) -> int:
    """Queues the constant text; the same key and address are told once, whoever repeats it."""
    recipients = {
        f"{event_key}:{address.key}": address.email for event_key, addresses in told for address in addresses
    }
    queue_same_email(recipients, subject=SUBJECT, body=BODY.format(base_url=settings.BASE_URL))
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
