"""Ways back in: a link by e-mail, single use, thirty minutes. Asking says nothing of who has an account."""

import time
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from terresante.accounts import codes
from terresante.accounts.access import PASSWORD_RECOVER, RECOVERY_ASK, SECOND_FACTOR_RECOVER
from terresante.accounts.actions.login import at_the_door
from terresante.accounts.actions.sending import send_link, warn
from terresante.accounts.devices import Source
from terresante.accounts.enums import PASSWORD_LINKS, LinkPurpose
from terresante.accounts.models import (
    KnownDevice,
    LoginChallenge,
    Passkey,
    RecoveryCode,
    RecoveryLink,
    Session,
    User,
)
from terresante.accounts.queries import account_called
from terresante.accounts.tries import refuse_beyond
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.errors import Invalid

LINK_LIFE = timedelta(minutes=30)
# Its reader has asked for nothing and may be away.
FIRST_LINK_LIFE = timedelta(days=3)
LINKS_OF_A_LOGIN = 3
LINKS_OF_A_NETWORK = 30
# Whoever measures the answer learns nothing: it takes that long, account or not.
ANSWER_SECONDS = 0.4

LINK_OVER = "Ce lien n’est plus valable : il ne sert qu’une fois, pendant 30 minutes. Demandez-en un autre."


def ask_new_password(*, login: str, source: Source) -> None:
    """Sends a link when the login exists; says nothing either way. Raises Invalid when the network asks too often."""
    began = time.monotonic()
    refuse_beyond(LINKS_OF_A_NETWORK, f"links {source.network}")
    known_as = login.strip().lower()
    user = account_called(known_as)
    if user is not None and _may_have_a_link(user):
        _send(user, LinkPurpose.PASSWORD)
    rls.let_go()
    time.sleep(max(0.0, ANSWER_SECONDS - (time.monotonic() - began)))


def ask_new_factor(challenge: LoginChallenge) -> None:
    """After a right password. Sends at most a few links an hour, and says the same."""
    if _may_have_a_link(challenge.user):
        _send(challenge.user, LinkPurpose.SECOND_FACTOR)


def link_waiting(token: str) -> RecoveryLink | None:
    live = RecoveryLink.objects.select_related("user").filter(used_at=None, user__is_active=True)
    return live.filter(token_hash=codes.link_hash(token), expires_at__gt=timezone.now()).first()


def recover_password(token: str, *, new_hash: str) -> User:
    """Ends every session and every trust. Raises Invalid.

    The second factor stays: an application, a telephone or a passkey is still asked. Of somebody whose codes come by
    e-mail, the mailbox is then all that is asked (docs/asvs.md, 6.4.3).
    """
    with transaction.atomic():
        user = _spend(token, PASSWORD_LINKS)
        user.password = new_hash
        user.save(update_fields=["password"])
        forget_everything(user)
        warn(user, "password")
        _trace(user, PASSWORD_RECOVER)
    return user


def recover_second_factor(token: str) -> User:
    """Back to codes by e-mail: application, telephone, passkeys and paper codes are dropped. Raises Invalid."""
    with transaction.atomic():
        user = _spend(token, frozenset({LinkPurpose.SECOND_FACTOR}))
        drop_factors(user)
        _trace(user, SECOND_FACTOR_RECOVER)
    return user


def drop_factors(user: User) -> None:
    """Back to codes by e-mail, every session and device forgotten; its owner is told. In the caller's transaction."""
    user.totp_seed, user.totp_last_step, user.phone = None, 0, ""
    user.save(update_fields=["totp_seed", "totp_last_step", "phone"])
    Passkey.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    forget_everything(user)
    warn(user, "factors-lost")


def forget_everything(user: User) -> None:
    """Sessions, devices, logins that wait for their code."""
    Session.objects.filter(user=user).delete()
    KnownDevice.objects.filter(user=user).delete()
    LoginChallenge.objects.filter(user=user).delete()


def send_password_link(user: User, purpose: LinkPurpose) -> None:
    """Replaces the link that waits, if there is one. In the caller's transaction, which leaves the trace."""
    token = codes.new_link()
    RecoveryLink.objects.filter(user=user, used_at=None).delete()
    RecoveryLink.objects.create(
        user=user,
        purpose=purpose,
        token_hash=codes.link_hash(token),
        expires_at=timezone.now() + (FIRST_LINK_LIFE if purpose == LinkPurpose.FIRST_PASSWORD else LINK_LIFE),
    )
    send_link(user, purpose, reverse("accounts:link", args=[token]))


def _may_have_a_link(user: User) -> bool:
    try:
        refuse_beyond(LINKS_OF_A_LOGIN, f"links {user.pk}", account=user.pk)
    except Invalid:
        return False
    return True


def _send(user: User, purpose: LinkPurpose) -> None:
    with transaction.atomic():
        send_password_link(user, purpose)
        _trace(user, RECOVERY_ASK, purpose=purpose)


def _spend(token: str, purposes: frozenset[LinkPurpose]) -> User:
    waiting = link_waiting(token)
    if waiting is None:
        raise Invalid(LINK_OVER)
    usable = RecoveryLink.objects.filter(pk=waiting.pk, purpose__in=purposes, used_at=None)
    if not usable.update(used_at=timezone.now()):
        raise Invalid(LINK_OVER)
    return User.objects.select_for_update().get(pk=waiting.user_id)


def _trace(user: User, done: Action, **detail: str) -> None:
    actor = at_the_door(user)
    with rls.acting(actor):
        audit.record(actor, done, about=user, detail=detail)
