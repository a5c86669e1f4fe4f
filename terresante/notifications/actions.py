from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from terresante.accounts.models import User
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.kernel.events import Event
from terresante.kernel.outbound import queue_email
from terresante.notifications.access import PREFERENCES_EDIT
from terresante.notifications.models import EmailPreference
from terresante.notifications.queries import Address, audience_by_email

# One wording for every event and every patient: an e-mail crosses networks and telephones that nobody protects.
SUBJECT = "Une nouvelle information vous attend"
BODY = (
    "Vous avez une nouvelle information dans Terr-eSanté.\n\nConnectez-vous pour la consulter : {base_url}\n"
)


def email_alert(event: Event) -> int:
    """Tells those who may read the event and want an e-mail for it, once each; returns how many."""
    return notify_by_email(f"{type(event).__name__}:{event.object_id}", audience_by_email(event))


def notify_by_email(event_key: str, user_ids: Iterable[UUID]) -> int:
    """Queues the constant text for active accounts; the same key and person are told once, whoever repeats it."""
    users = User.objects.filter(pk__in=set(user_ids), is_active=True).exclude(email="").order_by("pk")
    return notify_addresses(event_key, [Address(user.pk, user.email) for user in users])


def notify_addresses(event_key: str, addresses: Iterable[Address]) -> int:
    told = list(addresses)
    for address in told:
        queue_email(
            recipient=address.email,
            subject=SUBJECT,
            body=BODY.format(base_url=settings.BASE_URL),
            dedupe_key=f"{event_key}:{address.key}",
        )
    return len(told)


@action
def save_preferences(actor: Actor, *, own_circle: bool, my_structure: bool) -> EmailPreference:
    if actor.kind != ActorKind.PROFESSIONAL or actor.user_id is None:
        raise Refused("Ces réglages concernent les professionnels.")
    preference, _ = EmailPreference.objects.update_or_create(
        user_id=actor.user_id, defaults={"own_circle": own_circle, "my_structure": my_structure}
    )
    audit.record(actor, PREFERENCES_EDIT, about=preference)
    return preference
