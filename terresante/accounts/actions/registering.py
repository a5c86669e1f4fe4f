"""A code sent to an address that is nobody's account yet, then the account it opens.

Nothing here says whether an account exists: the caller answers the same, in the same time (`in_the_same_time`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from terresante.accounts import codes
from terresante.accounts.access import ACCOUNT_CREATE
from terresante.accounts.actions.login import CODE_LIFE, CODE_TRIES, NO_CODE_LEFT, WRONG_CODE
from terresante.accounts.actions.sending import send_registration_code, warn
from terresante.accounts.models import MailboxProof, User
from terresante.accounts.tries import refuse_beyond
from terresante.kernel import audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id

# Longer than any branch takes: who measures the answer learns nothing.
ANSWER_SECONDS = 0.4
ASKED_BY_A_NETWORK = 40
CODES_FOR_ONE = 5
CODES_FROM_EVERYWHERE = 20
TRIES_OF_A_NETWORK = 30
FILES_OF_A_NETWORK = 10
_HOUR = timedelta(hours=1)


@contextmanager
def in_the_same_time() -> Iterator[None]:
    """Makes the block last the same time whatever it does, even when it fails."""
    began = time.monotonic()
    try:
        yield
    finally:
        rls.let_go()
        time.sleep(max(0.0, ANSWER_SECONDS - (time.monotonic() - began)))


def limit_searches(network: str) -> None:
    """Raises Invalid when this network has looked itself up too often."""
    refuse_beyond(ASKED_BY_A_NETWORK, f"registration {network}", window=_HOUR)


def limit_files(network: str) -> None:
    """Raises Invalid when this network has left too many files."""
    refuse_beyond(FILES_OF_A_NETWORK, f"registration file {network}", window=_HOUR)


def ask_code(*, about_id: UUID, address: str, network: str, owner: User | None) -> UUID:
    """Returns the key of a proof to give. With an `owner` none is kept under it: he alone is told that he has an
    account.

    Raises Invalid when the network, or whoever it is about, asks too often.
    """
    refuse_beyond(ASKED_BY_A_NETWORK, f"registration code {network}", window=_HOUR)
    refuse_beyond(CODES_FOR_ONE, f"registration code {about_id} {network}", window=_HOUR)
    refuse_beyond(CODES_FROM_EVERYWHERE, f"registration code {about_id}", window=_HOUR)
    MailboxProof.objects.filter(expires_at__lt=timezone.now()).delete()
    if owner is not None:
        tell_owner(owner)
        return new_id()
    with transaction.atomic():
        code, proof_id = codes.new_code(), new_id()
        MailboxProof.objects.create(
            id=proof_id,
            about_id=about_id,
            address=address,
            code_hash=codes.code_hash(proof_id, code),
            expires_at=timezone.now() + CODE_LIFE,
        )
        send_registration_code(address, code)
    return proof_id


def tell_owner(owner: User) -> None:
    """Once a day at most: somebody else may be trying his name."""
    warn(owner, "registered-again", once_for=f"{timezone.localdate()}")


def prove_mailbox(proof_id: UUID, *, code: str, network: str) -> None:
    """Spends one of five tries, then checks. Raises Invalid: the same, as often, for a proof that never was."""
    refuse_beyond(TRIES_OF_A_NETWORK, f"registration try {network}", window=_HOUR)
    try:
        refuse_beyond(CODE_TRIES, f"registration proof {proof_id}", window=CODE_LIFE)
    except Invalid as error:
        raise Invalid(NO_CODE_LEFT) from error
    waiting = MailboxProof.objects.filter(
        pk=proof_id, proved_at=None, expires_at__gt=timezone.now(), tries__lt=CODE_TRIES
    )
    # Counted in its row too: the other count forgets after ten minutes.
    spent = waiting.update(tries=F("tries") + 1)
    proof = MailboxProof.objects.filter(pk=proof_id).first() if spent else None
    expected = proof.code_hash if proof else ""
    if not constant_time_compare(expected, codes.code_hash(proof_id, code)) or proof is None:
        raise Invalid(WRONG_CODE)
    MailboxProof.objects.filter(pk=proof_id).update(proved_at=timezone.now())


def proved(proof_id: UUID) -> MailboxProof | None:
    return MailboxProof.objects.filter(
        pk=proof_id, proved_at__isnull=False, expires_at__gt=timezone.now()
    ).first()


def hashed(password: str) -> str:
    """Outside any transaction."""
    return make_password(password)


@action
def register_account(actor: Actor, proof_id: UUID, *, about_id: UUID, name: str, password_hash: str) -> User:
    """Spends the proof; the login is the proved address, or that with a number when another account bears it.

    Raises Invalid when the proof is over, or proves another.
    """
    proof = MailboxProof.objects.select_for_update().filter(
        pk=proof_id, about_id=about_id, proved_at__isnull=False, expires_at__gt=timezone.now()
    )
    found = proof.first()
    if found is None:
        raise Invalid("Ce code n’est plus valable : recommencez l’inscription.")
    user = User(login=_free_login(found.address), name=name, email=found.address, password=password_hash)
    user.save(force_insert=True)
    proof.delete()
    audit.record(actor, ACCOUNT_CREATE, about=user, detail={"by": "registration"})
    return user


def _free_login(address: str) -> str:
    login, number = address.lower()[:140], 1
    while User.objects.filter(login__iexact=login).exists():
        number += 1
        login = f"{address.lower()[:140]}-{number}"
    return login
