from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from terresante.directory.models import Organization
from terresante.interop.access import MESSAGE_DECIDE
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.jobs import release_held
from terresante.interop.models import IdentityDecision, InboundMessage, SenderSystem
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict, Invalid
from terresante.patients.models import IdentityDomain

SENDER_REGISTER = Action("sender.register", "Raccorder un établissement")
# A hospital has a few authorities (sites, old software); more than that is a mistake, or somebody trying.
_AUTHORITIES_AT_MOST = 12
# What a decision about who it is can change; the others are put aside, or corrected by the sender.
ABOUT_IDENTITY = frozenset({MessageOutcome.SEVERAL, MessageOutcome.CLOSE, MessageOutcome.CONTRADICTION})
_REASON_MIN_LENGTH = 5


@action
def register_sender(
    actor: Actor,
    organization_id: UUID,
    *,
    name: str,
    authorities: Sequence[str],
    port: int | None = None,
    fingerprint: str | None = None,
) -> SenderSystem:
    """Connects a hospital's software and creates its identity domains (MISSION A8).

    Raises Conflict when an authority is another hospital's, Invalid without one way to recognise the sender.
    """
    if (port is None) == (fingerprint is None) or not authorities:
        raise Invalid(
            "Indiquez un port ou l’empreinte d’un certificat, et au moins une autorité d’identifiants."
        )
    organization = Organization.objects.get(pk=organization_id)
    sender = SenderSystem.objects.create(
        name=name, organization=organization, port=port, fingerprint=fingerprint
    )
    for authority in authorities:
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=authority, defaults={"name": organization.name[:120], "organization": organization}
        )
        if domain.organization_id != organization.pk:
            raise Conflict("Cette autorité d’identifiants est déjà celle d’un autre établissement.")
        sender.domains.add(domain)
    audit.record(actor, SENDER_REGISTER, about=sender, detail={"organization": str(organization.pk)})
    return sender


@action
def welcome_authority(actor: Actor, sender_id: UUID, authority: str) -> bool:
    """The identity domain of a sender makes itself at its first message (MISSION A8); False when it is another's."""
    sender = SenderSystem.objects.select_related("organization").filter(pk=sender_id, active=True).first()
    is_mine = sender is not None and sender.domains.count() < _AUTHORITIES_AT_MOST
    if sender is not None and is_mine:
        hospital = sender.organization
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=authority, defaults={"name": hospital.name[:120], "organization": hospital}
        )
        is_mine = domain.organization_id == hospital.pk
        if is_mine:
            sender.domains.add(domain)
    audit.record(actor, SENDER_REGISTER, about=sender, detail={"welcome": str(is_mine)})
    return is_mine


@action
def decide_patient(actor: Actor, message_id: UUID, *, patient_id: UUID) -> InboundMessage:
    """It is this patient: the local identifiers are his from now on, and the message is played again."""
    message = _about_identity(actor, message_id)
    _note_decision(actor, message, patient_id, is_same=True)
    _replay(actor, message)
    audit.record(actor, MESSAGE_DECIDE, patient_id=patient_id, about=message, detail={"decision": "same"})
    return message


@action
def decide_nobody(actor: Actor, message_id: UUID, *, candidates: Sequence[UUID]) -> InboundMessage:
    """It is none of these patients; later messages of the same identifiers no longer ask."""
    message = _about_identity(actor, message_id)
    for patient_id in candidates:
        _note_decision(actor, message, patient_id, is_same=False)
    _replay(actor, message)
    audit.record(actor, MESSAGE_DECIDE, about=message, detail={"decision": "nobody"})
    return message


@action
def put_aside(actor: Actor, message_id: UUID, *, reason: str) -> InboundMessage:
    """Nothing will be made of it; those that waited behind it go on. Raises Invalid without a reason."""
    message = access.get(actor, MESSAGE_DECIDE, InboundMessage, message_id, lock=True)
    why = " ".join(reason.split())
    if len(why) < _REASON_MIN_LENGTH:
        raise Invalid("Indiquez pourquoi ce message est écarté.", fields={"reason": "Motif trop court."})
    message.reason = why[:200]
    message.state, message.outcome = MessageState.PUT_ASIDE, MessageOutcome.SET_ASIDE
    _signed(actor, message)
    audit.record(actor, MESSAGE_DECIDE, about=message, detail={"decision": "aside"})
    return message


@action
def replay(actor: Actor, message_id: UUID) -> InboundMessage:
    """Tries again a message whose failure was corrected since."""
    message = access.get(actor, MESSAGE_DECIDE, InboundMessage, message_id, lock=True)
    if message.state not in (MessageState.FAILED, MessageState.DOUBTFUL):
        raise Conflict("Ce message a été refusé à l’établissement : c’est à lui de le renvoyer corrigé.")
    _replay(actor, message)
    audit.record(actor, MESSAGE_DECIDE, about=message, detail={"decision": "replay"})
    return message


def _about_identity(actor: Actor, message_id: UUID) -> InboundMessage:
    message = access.get(actor, MESSAGE_DECIDE, InboundMessage, message_id, lock=True)
    if message.state != MessageState.DOUBTFUL or message.outcome not in ABOUT_IDENTITY:
        raise Conflict("Ce message n’attend pas de décision sur l’identité.")
    return message


def _note_decision(actor: Actor, message: InboundMessage, patient_id: UUID, *, is_same: bool) -> None:
    for key in message.identity_keys:
        IdentityDecision.objects.filter(identity_key=key, patient_id=patient_id).delete()
        IdentityDecision.objects.create(
            identity_key=key, patient_id=patient_id, is_same=is_same, decided_by_name=actor.name
        )


def _replay(actor: Actor, message: InboundMessage) -> None:
    message.state, message.outcome = MessageState.RECEIVED, MessageOutcome.NONE
    _signed(actor, message)


def _signed(actor: Actor, message: InboundMessage) -> None:
    message.decided_by_id, message.decided_by_name = actor.user_id, actor.name
    message.handled_at = timezone.now()
    message.save()
    # The desk sees only what it must decide; what waits behind is the gateway's.
    with rls.acting(Actor.job("interop", channel=Channel.WEB)):
        release_held(message)
