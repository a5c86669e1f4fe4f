"""What somebody else may do to an account: who may is said above, in the directory. Nobody sets or sees a password or
a code; each act has its reason, is told to the owner, and ends what is open.
"""

from uuid import UUID

from terresante.accounts.access import ACCOUNT_ASSIST, ACCOUNT_MANAGE, ACCOUNT_OPEN
from terresante.accounts.actions.recovery import drop_factors, forget_everything, send_password_link
from terresante.accounts.actions.sending import warn
from terresante.accounts.enums import AccountAct, IdentityCheck, LinkPurpose
from terresante.accounts.models import AdministrationAct, RecoveryLink, User
from terresante.accounts.tries import forget_account
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid

REASON_MIN_LENGTH = 10
_WHY = "Écrivez en une phrase pourquoi : le motif reste dans l’historique du compte."
_CLOSED = "Ce compte est fermé : rouvrez-le d’abord."


@action
def open_account(actor: Actor, *, login: str, name: str, email: str) -> User:
    """Without a password: its owner chooses it by the link sent to `email`. Raises Conflict when the login is taken.

    The caller has checked that the actor opens accounts, and for whom.
    """
    if User.objects.filter(login__iexact=login.strip()).exists():
        raise Conflict("Cet identifiant est déjà pris : choisissez-en un autre.")
    user = User(login=login.strip(), name=name, email=email)
    user.set_unusable_password()
    user.save(force_insert=True)
    send_password_link(user, LinkPurpose.FIRST_PASSWORD)
    audit.record(actor, ACCOUNT_OPEN, about=user)
    return user


@action
def close_account(actor: Actor, user_id: UUID, *, reason: str) -> None:
    """Nobody enters any more, from now on: sessions, devices and links go with it."""
    user = access.get(actor, ACCOUNT_MANAGE, User, user_id, lock=True)
    why = _checked(reason)
    if not user.is_active:
        raise Conflict("Ce compte est déjà fermé.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    forget_everything(user)
    RecoveryLink.objects.filter(user=user).delete()
    warn(user, "closed")
    _keep(actor, ACCOUNT_MANAGE, user, AccountAct.CLOSED, reason=why)


@action
def reopen_account(actor: Actor, user_id: UUID, *, reason: str) -> None:
    user = access.get(actor, ACCOUNT_MANAGE, User, user_id, lock=True)
    why = _checked(reason)
    if user.is_active:
        raise Conflict("Ce compte est déjà ouvert.")
    user.is_active = True
    user.save(update_fields=["is_active"])
    warn(user, "reopened")
    _keep(actor, ACCOUNT_MANAGE, user, AccountAct.REOPENED, reason=why)


@action
def reset_second_factor(actor: Actor, user_id: UUID, *, reason: str, identity_check: IdentityCheck) -> None:
    """Back to codes by e-mail; the password stays, and only its owner knows it."""
    user = access.get(actor, ACCOUNT_MANAGE, User, user_id, lock=True)
    why = _checked(reason)
    if not user.is_active:
        raise Conflict(_CLOSED)
    drop_factors(user)
    _keep(actor, ACCOUNT_MANAGE, user, AccountAct.FACTORS, reason=why, identity_check=identity_check)


@action
def end_all_sessions(actor: Actor, user_id: UUID) -> None:
    """Also forgets the devices: the next login asks for a code."""
    user = access.get(actor, ACCOUNT_ASSIST, User, user_id, lock=True)
    forget_everything(user)
    warn(user, "sessions-ended")
    _keep(actor, ACCOUNT_ASSIST, user, AccountAct.SESSIONS)


@action
def unlock_account(actor: Actor, user_id: UUID) -> None:
    """The tries counted against it are dropped, from wherever they came; passwords and codes stay as they are."""
    user = access.get(actor, ACCOUNT_ASSIST, User, user_id, lock=True)
    forget_account(user.pk)
    warn(user, "unlocked")
    _keep(actor, ACCOUNT_ASSIST, user, AccountAct.UNLOCKED)


@action
def send_login_mail(actor: Actor, user_id: UUID) -> None:
    """A link to choose a password, to the account's own address. Raises Conflict when the account is closed."""
    user = access.get(actor, ACCOUNT_ASSIST, User, user_id, lock=True)
    if not user.is_active:
        raise Conflict(_CLOSED)
    is_first = not user.has_usable_password()
    send_password_link(user, LinkPurpose.FIRST_PASSWORD if is_first else LinkPurpose.PASSWORD)
    _keep(actor, ACCOUNT_ASSIST, user, AccountAct.LOGIN_MAIL)


def _checked(reason: str) -> str:
    why = " ".join(reason.split())
    if len(why) < REASON_MIN_LENGTH:
        raise Invalid(_WHY, fields={"reason": _WHY})
    return why[:300]


def _keep(
    actor: Actor,
    done: Action,
    user: User,
    act: AccountAct,
    *,
    reason: str = "",
    identity_check: IdentityCheck | None = None,
) -> None:
    AdministrationAct.objects.create(
        user=user, act=act, reason=reason, identity_check=identity_check or "", done_by_name=actor.name
    )
    detail = {"act": str(act)} | ({"identity_check": str(identity_check)} if identity_check else {})
    audit.record(actor, done, about=user, detail=detail)
