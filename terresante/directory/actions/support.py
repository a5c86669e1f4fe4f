"""The support desk: what it does for a professional who asks, in his name, without any right of his."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.utils import timezone

from terresante.accounts.actions.administration import end_all_sessions, send_login_mail, unlock_account
from terresante.accounts.models import User
from terresante.directory.access import SUPPORT_DESK, require_support_agent
from terresante.directory.actions.desk import open_account_for
from terresante.directory.enums import RequestChannel, RequestKind
from terresante.directory.models import Practitioner, SupportRequest
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Purpose
from terresante.kernel.errors import Invalid, NotFound, Refused

_HELP: dict[RequestKind, Callable[[Actor, UUID], None]] = {
    RequestKind.LOGIN_MAIL: send_login_mail,
    RequestKind.UNLOCK: unlock_account,
    RequestKind.SESSIONS: end_all_sessions,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a professional asked, how and when."""

    practitioner_id: UUID
    channel: RequestChannel
    requested_on: date


def serving(actor: Actor, who: Practitioner) -> Actor:
    """The same agent with the same rights: only the audit rows say for whom he acts, and why."""
    return replace(actor, on_behalf_of=who.full_name, purpose=Purpose.SUPPORT)


@action
def open_account_asked(actor: Actor, *, asked: Asked) -> User:
    """To the directory's own address. Raises Refused, Invalid without one, Conflict when there is an account."""
    who = professional_served(actor, asked)
    user = open_account_for(serving(actor, who), who.pk)
    keep_request(serving(actor, who), asked=asked, kind=RequestKind.ACCOUNT)
    return user


@action
def help_in(actor: Actor, *, asked: Asked, kind: RequestKind) -> None:
    """A login mail, an account unlocked, sessions ended: nothing that shows or sets a password or a code."""
    who = professional_served(actor, asked)
    if who.user_id is None:
        raise Invalid("Ce professionnel n’a pas encore de compte.")
    _HELP[kind](serving(actor, who), who.user_id)
    keep_request(serving(actor, who), asked=asked, kind=kind)


@action
def keep_request(actor: Actor, *, asked: Asked, kind: RequestKind) -> SupportRequest:
    """Keeps what was done, for whom, how and when it was asked; nothing of a patient when it was about a record."""
    require_support_agent(actor)
    if asked.requested_on > timezone.localdate():
        sentence = "Cette date est dans le futur."
        raise Invalid(sentence, fields={"requested_on": sentence})
    if actor.user_id is None or actor.organization_id is None:
        raise Refused("La cellule d’appui agit depuis sa structure.")
    kept = SupportRequest.objects.create(
        kind=kind,
        channel=asked.channel,
        requested_on=asked.requested_on,
        practitioner_id=asked.practitioner_id,
        agent_id=actor.user_id,
        agent_name=actor.name,
        organization_id=actor.organization_id,
    )
    detail = {"kind": str(kind), "channel": str(asked.channel), "requested_on": f"{asked.requested_on}"}
    audit.record(actor, SUPPORT_DESK, about=kept, detail=detail)
    return kept


def professional_served(actor: Actor, asked: Asked) -> Practitioner:
    """Raises Refused for who is not of the desk or serves himself, NotFound for somebody no longer in activity."""
    require_support_agent(actor)
    if asked.practitioner_id == actor.person_id:
        raise Refused("La cellule d’appui ne se sert pas elle-même : adressez-vous à un collègue.")
    who = Practitioner.objects.filter(pk=asked.practitioner_id, active=True).first()
    if who is None:
        raise NotFound
    return who
