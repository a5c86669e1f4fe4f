from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from terresante.accounts.access import LOGIN, PASSKEY_ADD, PASSKEY_END
from terresante.accounts.actions.login import at_the_door
from terresante.accounts.actions.sending import warn
from terresante.accounts.models import Passkey, User
from terresante.accounts.passkeys import NewKey, Site, Unproven, check_proof, named_key
from terresante.accounts.queries import account_of
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid

NOT_PROVEN = "Cette clé d’accès n’est pas reconnue. Connectez-vous avec votre mot de passe."
MOST_KEYS = 10


@action
def add_passkey(actor: Actor, key: NewKey, *, words: str) -> Passkey:
    user = account_of(actor)
    if Passkey.objects.filter(user=user).count() >= MOST_KEYS:
        raise Conflict(f"Votre compte a déjà {MOST_KEYS} clés d’accès : retirez-en une.")
    if Passkey.objects.filter(credential_id=key.credential_id).exists():
        raise Conflict("Cette clé d’accès est déjà enregistrée.")
    made = Passkey.objects.create(
        user=user,
        credential_id=key.credential_id,
        credential=key.credential,
        sign_count=key.sign_count,
        words=words,
    )
    warn(user, "factor-set")
    audit.record(actor, PASSKEY_ADD, about=made)
    return made


@action
def put_passkey_off(actor: Actor) -> None:
    User.objects.filter(pk=account_of(actor).pk).update(passkey_offered_at=timezone.now())
    audit.record(actor, PASSKEY_ADD, detail={"step": "put_off"})


@action
def end_passkey(actor: Actor, key_id: UUID) -> None:
    """Raises NotFound for another's."""
    key = access.get(actor, PASSKEY_END, Passkey, key_id, lock=True)
    audit.record(actor, PASSKEY_END, about=key)
    key.delete()
    warn(account_of(actor), "factor-end")


def log_in_by_passkey(site: Site, state: dict[str, Any], answer: str) -> User:
    """Whoever the key belongs to. Raises Invalid, the same for an unknown key, a false proof and a closed account."""
    key = None
    try:
        named = Passkey.objects.select_related("user").filter(user__is_active=True)
        key = named.filter(credential_id=named_key(answer)).first()
        if key is None:
            raise Unproven("unknown key")
        count = check_proof(site, state, answer, credential=bytes(key.credential))
        _spend_count(key, count)
    except Unproven as error:
        _record_refusal(key.user if key else None)
        raise Invalid(NOT_PROVEN) from error
    return key.user


def _spend_count(key: Passkey, count: int) -> None:
    """In one statement: a copied key and its original are not both let in. A device without a counter says zero."""
    usable = Q(sign_count__lt=count) if count else Q(sign_count=0)
    used = Passkey.objects.filter(usable, pk=key.pk)
    if not used.update(sign_count=count, last_used_at=timezone.now()):
        raise Unproven("a count that goes back")


def _record_refusal(user: User | None) -> None:
    actor = at_the_door(user)
    with rls.acting(actor):
        audit.record(actor, LOGIN, outcome=Outcome.REFUSED, detail={"step": "passkey"})
