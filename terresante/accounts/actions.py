"""Logging in: a password, then a six-digit code. Opening accounts.

Tries are counted before they are checked, in the database, so that parallel requests gain nothing. Only the pair
(login, network) is ever refused: whoever tries passwords elsewhere cannot keep the owner out (MISSION A2).
"""

import secrets
import threading
import time
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pyotp
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from terresante.accounts.access import ACCOUNT_CREATE, LOGIN, SECOND_FACTOR_SET
from terresante.accounts.models import AttemptCount, LoginChallenge, User
from terresante.kernel import audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_email
from terresante.kernel.sealing import seal, unseal

WINDOW = timedelta(minutes=15)
TRIES_OF_A_PAIR = 10
# Beyond these, tries are slowed, never refused: they may be those of the owner.
TRIES_OF_A_LOGIN = 50
TRIES_OF_A_NETWORK = 300
SLOWED_SECONDS = 1.5
# Of the threads of a process: slowed tries never hold those that other people's pages need.
SLOWED_AT_ONCE = 4
_slowing = threading.BoundedSemaphore(SLOWED_AT_ONCE)

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
SENDINGS = 5
_TOTP_STEP = 30

WRONG_PASSWORD = "Identifiant ou mot de passe incorrect."  # noqa: S105 -- a sentence
WRONG_CODE = "Ce code n’est pas le bon."
TOO_BUSY = (
    "Beaucoup d’essais sont en cours sur cet identifiant ou ce réseau. Recommencez dans quelques secondes."
)
NO_CODE_LEFT = "Ce code n’est plus valable. Recommencez la connexion pour en recevoir un autre."


def begin_login(*, login: str, password: str, network: str) -> LoginChallenge:
    """Checks the password, outside any transaction, and sends the code.

    Raises Invalid with the same sentence, after the same work, whether or not the login exists.
    """
    known_as = login.strip().lower()
    slow_down_beyond(TRIES_OF_A_LOGIN, f"login {known_as}")
    slow_down_beyond(TRIES_OF_A_NETWORK, f"network {network}")
    _refuse_beyond(TRIES_OF_A_PAIR, _pair(known_as, network))
    # Not iexact: UPPER takes « ı » for an i, and each spelling of one login would have tries of its own.
    user = User.objects.alias(lowered=Lower("login")).filter(lowered=known_as, is_active=True).first()
    if user is None:
        make_password(password)
        _record_refusal(None, step="password")
        raise Invalid(WRONG_PASSWORD)
    if not user.check_password(password):
        _record_refusal(user, step="password")
        raise Invalid(WRONG_PASSWORD)
    return _challenge(user, network)


def send_again(challenge: LoginChallenge, *, network: str) -> None:
    """A fresh code for the same login; spent tries are not given back. Raises Invalid when too soon or too often."""
    wait = challenge.sent_at + RESEND_AFTER - timezone.now()
    if wait > timedelta(0):
        raise Invalid(
            f"Un code vient d’être envoyé. Patientez {wait.seconds + 1} secondes avant d’en demander un autre."
        )
    _refuse_beyond(SENDINGS, f"sending {challenge.user_id} {network}")
    with transaction.atomic():
        _send_code(challenge)


def finish_login(challenge: LoginChallenge, *, code: str, network: str) -> User:
    """Spends one of the five tries, then checks; a code serves once. Raises Invalid.

    Only here are the tries of the pair given back: a right password alone would buy five codes without end.
    """
    slow_down_beyond(TRIES_OF_A_LOGIN, f"code {challenge.user_id}")
    waiting = LoginChallenge.objects.filter(pk=challenge.pk)
    spent = waiting.filter(tries__lt=CODE_TRIES, expires_at__gt=timezone.now()).update(tries=F("tries") + 1)
    if not spent:
        raise Invalid(NO_CODE_LEFT)
    user, digits = challenge.user, "".join(code.split())
    is_right = _is_sent_code(challenge, digits) if challenge.code_hash else _is_totp_code(user, digits)
    if not is_right or not waiting.delete()[0]:
        _record_refusal(user, step="code")
        last = LoginChallenge.objects.filter(pk=challenge.pk, tries__gte=CODE_TRIES).exists()
        raise Invalid(NO_CODE_LEFT if last else WRONG_CODE)
    _forget(_pair(user.login.lower(), network))
    return user


def create_account(actor: Actor, *, login: str, name: str, email: str, password: str) -> User:
    """Hashes before the transaction opens. Raises Conflict when the login is taken."""
    user = User(login=login.strip(), name=name, email=email, password=make_password(password))
    return _store_account(actor, user)


@action
def set_totp_seed(actor: Actor, user_id: UUID, *, seed: str) -> None:
    """`seed` in base 32, 112 bits at least, as authentication applications take it. Raises Invalid."""
    try:
        pyotp.TOTP(seed).generate_otp(0)
    except ValueError as error:
        raise Invalid("Le secret de l’application d’authentification est trop court ou mal écrit.") from error
    user = User.objects.select_for_update().get(pk=user_id)
    user.totp_seed = seal(seed.encode(), context="totp")
    user.totp_last_step = 0
    user.save(update_fields=["totp_seed", "totp_last_step"])
    audit.record(actor, SECOND_FACTOR_SET, about=user)


def purge_logins() -> None:
    """Drops what is over: challenges past their time, counts past their window."""
    LoginChallenge.objects.filter(expires_at__lt=timezone.now()).delete()
    AttemptCount.objects.filter(window_ends_at__lt=timezone.now()).delete()


@action
def _store_account(actor: Actor, user: User) -> User:
    if User.objects.filter(login__iexact=user.login).exists():
        raise Conflict("Cet identifiant est déjà pris.")
    user.save(force_insert=True)
    audit.record(actor, ACCOUNT_CREATE, about=user)
    return user


def _challenge(user: User, network: str) -> LoginChallenge:
    if user.totp_seed is None:
        _refuse_beyond(SENDINGS, f"sending {user.pk} {network}")
    with transaction.atomic():
        purge_logins()
        challenge = LoginChallenge.objects.create(user=user, expires_at=timezone.now() + CODE_LIFE)
        if user.totp_seed is None:
            _send_code(challenge)
    return challenge


def _send_code(challenge: LoginChallenge) -> None:
    code = f"{secrets.randbelow(10**6):06d}"
    challenge.code_hash = _hash(challenge, code)
    challenge.sent_at = timezone.now()
    challenge.expires_at = challenge.sent_at + CODE_LIFE
    challenge.save(update_fields=["code_hash", "sent_at", "expires_at"])
    queue_email(
        recipient=challenge.user.email,
        subject="Votre code de connexion à Terr-eSanté",
        body=(
            f"Votre code de connexion : {code}\n\n"
            "Il est valable 10 minutes et ne sert qu’une fois. Ne le communiquez à personne : "
            "aucun service ne vous le demandera.\n\n"
            "Si vous n’essayez pas de vous connecter, changez votre mot de passe et prévenez votre structure.\n"
        ),
        dedupe_key=f"login-code {new_id()}",
    )


def _is_sent_code(challenge: LoginChallenge, digits: str) -> bool:
    return constant_time_compare(challenge.code_hash, _hash(challenge, digits))


def _hash(challenge: LoginChallenge, code: str) -> str:
    return salted_hmac("terresante.accounts.code", f"{challenge.pk} {code}", algorithm="sha256").hexdigest()


def _is_totp_code(user: User, digits: str) -> bool:
    """One step of tolerance on each side; the step is spent in the same statement that checks it is new."""
    if user.totp_seed is None:
        return False
    totp = pyotp.TOTP(unseal(user.totp_seed, context="totp").decode(), interval=_TOTP_STEP)
    now = int(time.time()) // _TOTP_STEP
    steps = [
        step for step in (now - 1, now, now + 1) if constant_time_compare(totp.generate_otp(step), digits)
    ]
    return bool(
        steps
        and User.objects.filter(pk=user.pk, totp_last_step__lt=steps[-1]).update(totp_last_step=steps[-1])
    )


def _refuse_beyond(limit: int, key: str) -> None:
    tries, ends_at = _count(key)
    if tries > limit:
        minutes = max(1, -int((timezone.now() - ends_at).total_seconds() // 60))
        plural = "s" if minutes > 1 else ""
        raise Invalid(f"Trop d’essais depuis ce réseau. Recommencez dans {minutes} minute{plural}.")


def slow_down_beyond(limit: int, key: str) -> None:
    """Raises Invalid rather than hold one more thread."""
    if _count(key)[0] <= limit:
        return
    if not _slowing.acquire(blocking=False):
        raise Invalid(TOO_BUSY)
    try:
        time.sleep(SLOWED_SECONDS)
    finally:
        _slowing.release()


def _pair(known_as: str, network: str) -> str:
    return f"pair {known_as} {network}"


def _count(key: str) -> tuple[int, datetime]:
    """Adds one try; a refused one does not prolong the window."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_attemptcount AS old (key, tries, window_ends_at) VALUES (%s, 1, %s)"
            " ON CONFLICT (key) DO UPDATE SET"
            " tries = CASE WHEN old.window_ends_at < now() THEN 1 ELSE old.tries + 1 END,"
            " window_ends_at = CASE WHEN old.window_ends_at < now() THEN excluded.window_ends_at"
            " ELSE old.window_ends_at END RETURNING tries, window_ends_at",
            [sha256(key.encode()).hexdigest(), timezone.now() + WINDOW],
        )
        tries, ends_at = cursor.fetchone()
    return int(tries), ends_at


def _forget(key: str) -> None:
    AttemptCount.objects.filter(key=sha256(key.encode()).hexdigest()).delete()


def _record_refusal(user: User | None, *, step: str) -> None:
    actor = at_the_door(user)
    with rls.acting(actor):
        audit.record(actor, LOGIN, outcome=Outcome.REFUSED, detail={"step": step})


def at_the_door(user: User | None) -> Actor:
    """Who is written in the trail before anybody is known: the account, if any, and no right of its own."""
    return Actor(
        kind=ActorKind.GATEWAY,
        name=user.name if user else "Connexion",
        user_id=user.pk if user else None,
        purpose=Purpose.SYSTEM,
        channel=Channel.WEB,
    )
