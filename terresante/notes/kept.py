"""What seals the notes that a device keeps while it has no network, pure."""

from base64 import b64encode

from django.utils.crypto import salted_hmac

from terresante.kernel.actor import Actor


def kept_for(actor: Actor) -> dict[str, str]:
    """What seals the notes of this account, for the structure it acts for, on a device, and the name it bears there: no
    other account is given them, and none is signed for another structure.
    """
    whose = f"{actor.user_id} {actor.organization_id}"
    name = salted_hmac("notes.kept.account", whose, algorithm="sha256").hexdigest()[:32]
    key = salted_hmac("notes.kept.key", whose, algorithm="sha256").digest()
    return {"account": name, "key": b64encode(key).decode()}
