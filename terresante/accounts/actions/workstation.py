"""The workstation of a ward, which several people use: locked when left, opened again or handed over in one step."""

from django.utils import timezone

from terresante.accounts.access import WORKSTATION_LOCK, WORKSTATION_UNLOCK
from terresante.accounts.actions.login import at_the_door
from terresante.accounts.models import Session, User
from terresante.accounts.tries import refuse_beyond, spent_only_if_checked
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid

TRIES_OF_AN_UNLOCKING = 5


def lock(session: Session, user: User) -> None:
    locked = Session.objects.filter(pk=session.pk, is_shared=True, locked_at=None)
    if locked.update(locked_at=timezone.now()):
        _trace(user, WORKSTATION_LOCK, Outcome.DONE)


def unlock(session: Session, user: User, *, password: str) -> None:
    """By its owner's password. Raises Invalid, Busy; Conflict after five wrong ones, when the session closes and the
    door stays open.
    """
    tried = f"unlock {session.handle}"
    try:
        refuse_beyond(TRIES_OF_AN_UNLOCKING, tried)
    except Invalid as error:
        Session.objects.filter(pk=session.pk).delete()
        _trace(user, WORKSTATION_UNLOCK, Outcome.REFUSED)
        raise Conflict("Trop d’essais : la session est fermée. Connectez-vous de nouveau.") from error
    with spent_only_if_checked(tried):
        is_right = user.is_active and user.check_password(password)
    if not is_right:
        _trace(user, WORKSTATION_UNLOCK, Outcome.REFUSED)
        raise Invalid("Ce n’est pas le mot de passe de cette session.")
    Session.objects.filter(pk=session.pk).update(locked_at=None, seen_at=timezone.now())
    _trace(user, WORKSTATION_UNLOCK, Outcome.DONE)


def _trace(user: User, done: Action, outcome: Outcome) -> None:
    actor = at_the_door(user)
    with rls.acting(actor):
        audit.record(actor, done, outcome=outcome, about=user)
