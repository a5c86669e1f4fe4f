"""What seals the notes that a device keeps while it has no network, pure."""

from base64 import b64encode

from django.utils.crypto import salted_hmac

from terresante.kernel.actor import Actor


def kept_for(actor: Actor) -> dict[str, str]:
    """What seals the notes of this account on a device, and the name it bears there: no other account is given them."""
    name = salted_hmac("notes.kept.account", str(actor.user_id), algorithm="sha256").hexdigest()[:32]
    key = salted_hmac("notes.kept.key", str(actor.user_id), algorithm="sha256").digest()
    return {"account": name, "key": b64encode(key).decode()}
