"""What seals the notes that a device keeps while it has no network, and for whom they go out."""

from base64 import b64encode

from django.utils.crypto import salted_hmac

from terresante.directory.models import Practitioner
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.ids import key_of


def kept_for(actor: Actor) -> dict[str, str]:
    """What seals the notes of this account, for the structure it acts for, on a device, and the name it bears there: no
    other account is given them, and none is signed for another structure.
    """
    whose = f"{actor.user_id} {actor.organization_id}"
    name = salted_hmac("notes.kept.account", whose, algorithm="sha256").hexdigest()[:32]
    key = salted_hmac("notes.kept.key", whose, algorithm="sha256").digest()
    return {"account": name, "key": b64encode(key).decode()}


def check_principal(actor: Actor, said: str) -> None:
    """`said`: the key of the physician for whom the page was opened, '' for nobody; a note goes out for him alone.

    Whoever acts for another one since, in another tab or days after, reaches the record by the other one's circle, and
    would sign for him. Raises Conflict.
    """
    if said == principal_said(actor):
        return
    now = f"pour {actor.on_behalf_of}" if actor.principal_id else "en votre nom"
    then = f"pour {_name_of(said)}" if said else "en votre nom"
    raise Conflict(
        f"Cette note a été écrite {then}, et vous agissez {now} : rien n’est enregistré. "
        f"Choisissez d’agir de nouveau {then}, puis renvoyez-la."
    )


def principal_said(actor: Actor) -> str:
    return str(actor.principal_id or "")


def _name_of(key: str) -> str:
    asked = key_of(key)
    physician = Practitioner.objects.filter(pk=asked).first() if asked else None
    return str(physician) if physician else "un autre médecin"
