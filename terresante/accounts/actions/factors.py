"""What proves who somebody is, changed by himself. Each change is told to him by e-mail."""

import time

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from terresante.accounts import codes
from terresante.accounts.access import (
    PASSWORD_CHANGE,
    PHONE_SET,
    RECOVERY_CODES_MAKE,
    SECOND_FACTOR_END,
    SECOND_FACTOR_SET,
)
from terresante.accounts.actions.login import CODE_LIFE, SENDINGS, WRONG_CODE, is_sent_code, spend
from terresante.accounts.actions.sending import send_code, warn
from terresante.accounts.enums import ChallengePurpose, CodeChannel
from terresante.accounts.models import KnownDevice, LoginChallenge, RecoveryCode, Session, User
from terresante.accounts.queries import account_of
from terresante.accounts.tries import refuse_beyond, spent_only_if_checked
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.sealing import seal

TRIES_OF_A_PASSWORD = 10


def check_own_password(user: User, password: str) -> bool:
    """Counted like a login: an open session does not help to guess. Outside any transaction. Raises Invalid."""
    tried = f"own password {user.pk}"
    refuse_beyond(TRIES_OF_A_PASSWORD, tried)
    with spent_only_if_checked(tried):
        return user.check_password(password)


def hashed(password: str) -> str:
    return make_password(password)


@action
def change_password(actor: Actor, *, new_hash: str, session_key: str) -> User:
    """Ends every other session and forgets every device: their tokens were bound to the old password."""
    user = _own(actor)
    user.password = new_hash
    user.save(update_fields=["password"])
    Session.objects.filter(session_key=session_key).update(device=None)
    Session.objects.filter(user=user).exclude(session_key=session_key).delete()
    KnownDevice.objects.filter(user=user).delete()
    warn(user, "password")
    audit.record(actor, PASSWORD_CHANGE, about=user)
    return user


@action
def set_own_application(actor: Actor, *, seed: str, code: str) -> None:
    """Once its first code is right. Raises Invalid."""
    step = codes.totp_step(seed, "".join(code.split()), now=time.time())
    if not step:
        raise Invalid(WRONG_CODE)
    user = _own(actor)
    user.totp_seed, user.totp_last_step = seal(seed.encode(), context="totp"), step
    user.save(update_fields=["totp_seed", "totp_last_step"])
    warn(user, "factor-set")
    audit.record(actor, SECOND_FACTOR_SET, about=user)


@action
def end_own_application(actor: Actor) -> None:
    user = _own(actor)
    user.totp_seed, user.totp_last_step = None, 0
    user.save(update_fields=["totp_seed", "totp_last_step"])
    warn(user, "factor-end")
    audit.record(actor, SECOND_FACTOR_END, about=user)


@action
def send_phone_code(actor: Actor, *, number: str) -> LoginChallenge:
    """To a number that is not yet the account's. Raises Invalid when too many were sent."""
    refuse_beyond(SENDINGS, f"sending {actor.user_id} phone")
    challenge = LoginChallenge(
        user=_own(actor),
        purpose=ChallengePurpose.PHONE,
        channel=CodeChannel.SMS,
        new_phone=number,
        expires_at=timezone.now() + CODE_LIFE,
    )
    send_code(challenge)
    audit.record(actor, PHONE_SET, detail={"step": "sent"})
    return challenge


def check_phone_code(challenge: LoginChallenge, code: str) -> None:
    """Outside the transaction that a refusal rolls back: the try is spent whatever follows. Raises Invalid."""
    spend(challenge)
    if not is_sent_code(challenge, "".join(code.split())):
        raise Invalid(WRONG_CODE)


@action
def set_phone(actor: Actor, *, number: str) -> None:
    """A verified number, or '' to receive no more code by SMS."""
    user = _own(actor)
    user.phone = number
    user.save(update_fields=["phone"])
    LoginChallenge.objects.filter(user=user, purpose=ChallengePurpose.PHONE).delete()
    warn(user, "factor-set" if number else "factor-end")
    audit.record(actor, PHONE_SET, about=user, detail={"step": "set" if number else "removed"})


@action
def make_recovery_codes(actor: Actor) -> list[str]:
    """Ten new ones; the former serve no more. Given back once, then known by their hash."""
    user = _own(actor)
    made = codes.new_recovery_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=codes.recovery_hash(user.pk, code)) for code in made
    )
    warn(user, "recovery-codes")
    audit.record(actor, RECOVERY_CODES_MAKE, about=user)
    return made


def _own(actor: Actor) -> User:
    return User.objects.select_for_update().get(pk=account_of(actor).pk)
