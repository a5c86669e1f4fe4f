"""Logging in: a password, then a six-digit code, which a trusted device does without.

A stranger's tries never keep the owner out (MISSION A2). A browser the account logged in from counts its own tries; the
others are counted by login and network, and only that pair is ever refused. A login tried from everywhere, or a busy
network, is slowed and stays open.
"""

import time
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from terresante.accounts import codes
from terresante.accounts.access import LOGIN
from terresante.accounts.actions.sending import send_code, warn
from terresante.accounts.devices import Source
from terresante.accounts.enums import ChallengePurpose, CodeChannel
from terresante.accounts.models import (
    AttemptCount,
    KnownDevice,
    LoginChallenge,
    RecoveryCode,
    RecoveryLink,
    User,
)
from terresante.accounts.queries import account_called, channels_of, known_device
from terresante.accounts.tries import forget, refuse_beyond, slow_down_beyond, spent_only_if_checked
from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Invalid
from terresante.kernel.sealing import unseal

TRIES_OF_A_PAIR = 10
# Beyond these, tries are slowed, never refused: they may be those of the owner.
TRIES_OF_A_LOGIN = 50
TRIES_OF_A_NETWORK = 300
# Codes typed after a right password: from one place in a quarter of an hour, and in a day from unknown browsers.
CODES_OF_A_PAIR = 10
CODES_OF_A_DAY = 100

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
SENDINGS = 5

WRONG_PASSWORD = "Identifiant ou mot de passe incorrect."  # noqa: S105 -- a sentence
WRONG_CODE = "Ce code n’est pas le bon."
NO_CODE_LEFT = "Ce code n’est plus valable. Recommencez la connexion pour en recevoir un autre."


def begin_login(*, login: str, password: str, source: Source) -> LoginChallenge | User:
    """Checks the password, outside any transaction; sends the code, or returns the owner of a trusted device.

    Raises Invalid with the same sentence, after the same work, whether or not the login exists.
    """
    known_as = login.strip().lower()
    user = account_called(known_as)
    device = known_device(user, source)
    pair = _pair(known_as, device, source)
    if device is None:
        slow_down_beyond(TRIES_OF_A_LOGIN, f"login {known_as}", account=user.pk if user else None)
        slow_down_beyond(TRIES_OF_A_NETWORK, f"network {source.network}")
    refuse_beyond(TRIES_OF_A_PAIR, pair, account=user.pk if user else None)
    with spent_only_if_checked(pair):
        is_right = _is_password_of(user, password)
    if user is None or not is_right:
        record_refusal(user, step="password")
        raise Invalid(WRONG_PASSWORD)
    if device is not None and device.is_trusted:
        forget(pair)
        return user
    return _challenge(user, source)


def _is_password_of(user: User | None, password: str) -> bool:
    if user is None:
        make_password(password)
        return False
    return user.check_password(password)


def send_again(challenge: LoginChallenge, *, source: Source) -> None:
    """A fresh code for the same login; spent tries are not given back. Raises Invalid when too soon or too often."""
    wait = challenge.sent_at + RESEND_AFTER - timezone.now()
    if wait > timedelta(0):
        raise Invalid(
            f"Un code vient d’être envoyé. Patientez {wait.seconds + 1} secondes avant d’en demander un autre."
        )
    _count_sending(challenge.user, source)
    _prepare(challenge)


def change_channel(challenge: LoginChallenge, channel: CodeChannel, *, source: Source) -> None:
    """The code another way, among those of the account. Raises Invalid."""
    if channel not in channels_of(challenge.user):
        raise Invalid("Votre compte ne reçoit pas de code de cette façon.")
    if channel != CodeChannel.APPLICATION:
        _count_sending(challenge.user, source)
    challenge.channel = channel
    _prepare(challenge)


def finish_login(challenge: LoginChallenge, *, code: str, source: Source) -> User:
    """Spends one of the five tries, then checks; a code serves once. Raises Invalid."""
    _spend_try(challenge, source)
    user, digits = challenge.user, "".join(code.split())
    by_application = challenge.channel == CodeChannel.APPLICATION
    is_right = _is_totp_code(user, digits) if by_application else is_sent_code(challenge, digits)
    return _end(challenge, is_right=is_right, source=source)


def finish_with_paper(challenge: LoginChallenge, *, code: str, source: Source) -> User:
    """A recovery code in place of the second factor; spent in the statement that finds it. Raises Invalid."""
    _spend_try(challenge, source)
    code_hash = codes.recovery_hash(challenge.user_id, code)
    unused = RecoveryCode.objects.filter(user_id=challenge.user_id, code_hash=code_hash, used_at=None)
    user = _end(challenge, is_right=bool(unused.update(used_at=timezone.now())), source=source)
    warn(user, "recovery-used")
    return user


def is_sent_code(challenge: LoginChallenge, digits: str) -> bool:
    return bool(challenge.code_hash) and constant_time_compare(
        challenge.code_hash, codes.code_hash(challenge.pk, digits)
    )


def spend(challenge: LoginChallenge) -> None:
    """One of the five tries, counted before it is checked. Raises Invalid."""
    waiting = LoginChallenge.objects.filter(pk=challenge.pk)
    if not waiting.filter(tries__lt=CODE_TRIES, expires_at__gt=timezone.now()).update(tries=F("tries") + 1):
        raise Invalid(NO_CODE_LEFT)


def purge_logins() -> None:
    """Drops what is over: challenges and links past their time, counts past their window."""
    LoginChallenge.objects.filter(expires_at__lt=timezone.now()).delete()
    RecoveryLink.objects.filter(expires_at__lt=timezone.now()).delete()
    AttemptCount.objects.filter(window_ends_at__lt=timezone.now()).delete()


def at_the_door(user: User | None) -> Actor:
    """The actor of audit rows until a login succeeds: it names the account, if any, and has no right."""
    return Actor(
        kind=ActorKind.GATEWAY,
        name=user.name if user else "Connexion",
        user_id=user.pk if user else None,
        purpose=Purpose.SYSTEM,
        channel=Channel.WEB,
    )


def record_refusal(user: User | None, **detail: str) -> None:
    """`detail`: codes that say at which step."""
    actor = at_the_door(user)
    with rls.acting(actor):
        audit.record(actor, LOGIN, outcome=Outcome.REFUSED, detail=detail)


def _challenge(user: User, source: Source) -> LoginChallenge:
    channel = channels_of(user)[0]
    if channel != CodeChannel.APPLICATION:
        _count_sending(user, source)
    purge_logins()
    challenge = LoginChallenge(user=user, channel=channel, purpose=ChallengePurpose.LOGIN)
    _prepare(challenge)
    return challenge


def _prepare(challenge: LoginChallenge) -> None:
    challenge.sent_at = timezone.now()
    challenge.expires_at = challenge.sent_at + CODE_LIFE
    with transaction.atomic():
        send_code(challenge)


def _count_sending(user: User, source: Source) -> None:
    place = _place(known_device(user, source), source)
    refuse_beyond(SENDINGS, f"sending {user.pk} {place}", account=user.pk)


def _spend_try(challenge: LoginChallenge, source: Source) -> None:
    device = known_device(challenge.user, source)
    if device is None:
        slow_down_beyond(TRIES_OF_A_LOGIN, f"code {challenge.user_id}", account=challenge.user_id)
    place = _place(device, source)
    refuse_beyond(CODES_OF_A_PAIR, f"codes {challenge.user_id} {place}", account=challenge.user_id)
    if device is None:
        day = timedelta(days=1)
        refuse_beyond(CODES_OF_A_DAY, f"codes {challenge.user_id}", window=day, account=challenge.user_id)
    spend(challenge)


def _end(challenge: LoginChallenge, *, is_right: bool, source: Source) -> User:
    waiting = LoginChallenge.objects.filter(pk=challenge.pk)
    if is_right and waiting.delete()[0]:
        device = known_device(challenge.user, source)
        place = _place(device, source)
        forget(f"codes {challenge.user_id} {place}")
        # Who comes and goes on a ward has a code sent each time.
        forget(f"sending {challenge.user_id} {place}")
        # Only here: a right password alone would buy codes without end.
        forget(_pair(challenge.user.login.lower(), device, source))
        return challenge.user
    record_refusal(challenge.user, step="code")
    if not waiting.filter(tries__gte=CODE_TRIES).exists():
        raise Invalid(WRONG_CODE)
    warn(challenge.user, "wrong-codes", once_for=f"{timezone.localdate()}")
    raise Invalid(NO_CODE_LEFT)


def _pair(known_as: str, device: KnownDevice | None, source: Source) -> str:
    return f"pair {known_as} {_place(device, source)}"


def _place(device: KnownDevice | None, source: Source) -> str:
    """What tries are counted for: a browser that is known, else a network."""
    return f"device {device.pk}" if device else source.network


def _is_totp_code(user: User, digits: str) -> bool:
    """The step is spent in the same statement that checks it is new."""
    if user.totp_seed is None:
        return False
    step = codes.totp_step(unseal(user.totp_seed, context="totp").decode(), digits, now=time.time())
    fresh = User.objects.filter(pk=user.pk, totp_last_step__lt=step)
    return bool(step and fresh.update(totp_last_step=step))
