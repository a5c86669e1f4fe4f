from uuid import UUID

from django.contrib.auth.hashers import make_password

from terresante.accounts.access import ACCOUNT_CREATE, SECOND_FACTOR_SET
from terresante.accounts.codes import is_safe_seed
from terresante.accounts.models import User
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.sealing import seal


def create_account(
    actor: Actor, *, login: str, name: str, email: str, password: str | None, phone: str = ""
) -> User:
    """Hashes before the transaction opens; `phone` was verified. Raises Conflict when the login is taken.

    Without a password the account is opened by a proof made elsewhere, and by nothing else.
    """
    user = User(login=login.strip(), name=name, email=email, phone=phone, password=make_password(password))
    return _store_account(actor, user)


@action
def set_totp_seed(actor: Actor, user_id: UUID, *, seed: str) -> None:
    """`seed` in base 32, 112 bits at least, as authentication applications take it. Raises Invalid."""
    if not is_safe_seed(seed):
        raise Invalid("Le secret de l’application d’authentification est trop court ou mal écrit.")
    user = User.objects.select_for_update().get(pk=user_id)
    user.totp_seed = seal(seed.encode(), context="totp")
    user.totp_last_step = 0
    user.save(update_fields=["totp_seed", "totp_last_step"])
    audit.record(actor, SECOND_FACTOR_SET, about=user)


@action
def _store_account(actor: Actor, user: User) -> User:
    if User.objects.filter(login__iexact=user.login).exists():
        raise Conflict("Cet identifiant est déjà pris.")
    user.save(force_insert=True)
    audit.record(actor, ACCOUNT_CREATE, about=user)
    return user
