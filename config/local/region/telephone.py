"""The telephone of one account, already subscribed: the page of the simulated service shows what comes to it."""

from typing import Any

from django.conf import settings

from simulators.push.device import Device, to_text
from terresante.accounts.models import KnownDevice, User
from terresante.kernel.ids import new_id
from terresante.kernel.ports import push_provider
from terresante.notifications.models import NotificationPreference, PushSubscription

OWNER = "c.marie"


def give_telephone(user: User) -> list[dict[str, Any]]:
    """What the simulator needs to be that telephone."""
    push = push_provider()
    if push is None:
        return []
    device = Device(OWNER, push.public_key)
    known = KnownDevice.objects.create(user=user, token_hash=new_id().hex, words="Téléphone de démonstration")
    PushSubscription.objects.create(
        user=user,
        device=known,
        words=known.words,
        endpoint=device.subscription(settings.PUSH_LOCAL)["endpoint"],
        point=device.point,
        auth=device.auth,
    )
    # Each note as it comes, and how many at the end of the day.
    NotificationPreference.objects.create(user=user, channels={"note": ["push", "digest"]})
    private = device.private.private_numbers().private_value.to_bytes(32, "big")
    return [
        {
            "number": device.number,
            "served_key": device.served_key,
            "private": to_text(private),
            "auth": to_text(device.auth),
        }
    ]
