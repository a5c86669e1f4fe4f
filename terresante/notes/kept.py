"""What seals the notes that a device keeps while it has no network, and for whom they go out."""

from base64 import b64encode

from django.utils.crypto import salted_hmac

from terresante.directory.queries import work_situations
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict


def kept_for(actor: Actor) -> dict[str, str]:
    """The key that encrypts the notes this account keeps on a device, and the name they bear there.

    Both depend on the account and its structure: no other account gets them, none is signed for another structure.
    """
    whose = f"{actor.user_id} {actor.organization_id}"
    name = salted_hmac("notes.kept.account", whose, algorithm="sha256").hexdigest()[:32]
    key = salted_hmac("notes.kept.key", whose, algorithm="sha256").digest()
    return {"account": name, "key": b64encode(key).decode()}


def check_principal(actor: Actor, said: str) -> None:
    """`said`: the key of the physician for whom the page was opened, '' for nobody.

    Raises Conflict when the actor acts for another one by now, in another tab or days later: the note would be signed
    for the wrong physician.
    """
    if said == principal_said(actor):
        return
    now = f"pour {actor.on_behalf_of}" if actor.principal_id else "en votre nom"
    then = f"pour {_name_of(actor, said)}" if said else "en votre nom"
    raise Conflict(
        f"Cette note a été écrite {then}, et vous agissez {now} : rien n’est enregistré. "
        f"Choisissez d’agir de nouveau {then}, puis renvoyez-la."
    )


def principal_said(actor: Actor) -> str:
    return str(actor.principal_id or "")


def _name_of(actor: Actor, said: str) -> str:
    """Only of somebody for whom she may act: sending a key tells nobody else's name."""
    mine = work_situations(actor.user_id) if actor.user_id else []
    return next((one.principal_name for one in mine if str(one.principal_id) == said), "un autre médecin")
