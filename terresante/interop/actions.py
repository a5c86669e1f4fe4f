import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from terresante.directory.models import Organization
from terresante.interop.access import MESSAGE_DECIDE, MESSAGE_UNMASK, SENDER_MANAGE, require_administrator
from terresante.interop.acknowledging import acknowledge
from terresante.interop.enums import LookReason, MessageOutcome, MessageState
from terresante.interop.hl7v2.triggers import EVENT_LABELS
from terresante.interop.jobs import release_held
from terresante.interop.models import IdentityDecision, InboundMessage, SenderSystem
from terresante.interop.queries import numbered
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict, Invalid
from terresante.patients.death_actions import admit_death
from terresante.patients.models import IdentityDomain
from terresante.patients.queries import surviving_patient

SENDER_TRY = Action("sender.try", "Essayer un message")
SENDER_REGISTER = Action("sender.register", "Raccorder un établissement")
# A hospital has a few authorities (sites, old software); more than that is a mistake, or somebody trying.
_AUTHORITIES_AT_MOST = 12
_LONGEST_SILENCE = 720  # hours
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
        sender.domains.add(_domain(authority, organization))
    audit.record(actor, SENDER_REGISTER, about=sender, detail={"organization": str(organization.pk)})
    return sender


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderEntry:
    """How a sender is recognised (port or fingerprint), what it may send (empty: all that is understood), and the hours
    without a message after which administrators are told (0: never).
    """

    name: str
    authorities: Sequence[str]
    port: int | None = None
    fingerprint: str = ""
    triggers: Sequence[str] = ()
    silence_hours: int = 24
    # Where business acknowledgements go back; empty: nowhere.
    return_host: str = ""
    return_port: int | None = None
    return_tls: bool = True


@action
def add_sender(actor: Actor, *, organization_number: str, entry: SenderEntry) -> SenderSystem:
    """By an administrator, from the screen. Raises Refused, Invalid, Conflict."""
    require_administrator(actor)
    found = list(Organization.objects.filter(numbered(organization_number), active=True)[:2])
    if len(found) != 1:
        sentence = "Aucune structure en activité ne porte ce numéro, ou plusieurs."
        raise Invalid(sentence, fields={"organization_number": sentence})
    _check_entry(entry)
    try:
        with transaction.atomic():
            sender = register_sender(
                actor,
                found[0].pk,
                name=entry.name,
                authorities=entry.authorities,
                port=entry.port,
                fingerprint=entry.fingerprint or None,
            )
    except IntegrityError as error:
        raise Conflict("Ce port, ou ce certificat, est déjà celui d’un autre émetteur.") from error
    _declare(actor, sender, entry)
    return sender


@action
def change_sender(actor: Actor, sender_id: UUID, *, entry: SenderEntry) -> SenderSystem:
    """Its establishment cannot change: what it sent belongs to that one. Raises Invalid, Conflict."""
    sender = access.get(actor, SENDER_MANAGE, SenderSystem, sender_id, lock=True)
    _check_entry(entry)
    sender.name, sender.port, sender.fingerprint = entry.name, entry.port, entry.fingerprint or None
    try:
        with transaction.atomic():
            sender.save(update_fields=["name", "port", "fingerprint"])
    except IntegrityError as error:
        raise Conflict("Ce port, ou ce certificat, est déjà celui d’un autre émetteur.") from error
    domains = [_domain(authority, sender.organization) for authority in entry.authorities]
    sender.domains.set(domains)
    _declare(actor, sender, entry)
    return sender


@action
def switch_sender(actor: Actor, sender_id: UUID, *, active: bool) -> None:
    """Switched off, its messages are refused within half a minute; what it sent before stays."""
    sender = access.get(actor, SENDER_MANAGE, SenderSystem, sender_id, lock=True)
    sender.active = active
    sender.save(update_fields=["active"])
    audit.record(actor, SENDER_MANAGE, about=sender, detail={"done": "on" if active else "off"})


@action
def note_trial(actor: Actor, sender_id: UUID, *, code: str) -> None:
    """Writes in the trail what a message pasted by an administrator would have been answered. The message is stored
    nowhere.
    """
    sender = access.get(actor, SENDER_MANAGE, SenderSystem, sender_id)
    audit.record(actor, SENDER_TRY, about=sender, detail={"answer": code})


def _check_entry(entry: SenderEntry) -> None:
    if (entry.port is None) == (not entry.fingerprint):
        sentence = "Indiquez un port (démonstration) ou l’empreinte d’un certificat, pas les deux."
        raise Invalid(sentence, fields={"fingerprint": sentence})
    if entry.fingerprint and not re.fullmatch(r"[0-9a-f]{64}", entry.fingerprint):
        sentence = "Une empreinte SHA-256 compte 64 chiffres hexadécimaux."
        raise Invalid(sentence, fields={"fingerprint": sentence})
    unknown = sorted(set(entry.triggers) - set(EVENT_LABELS))
    if unknown:
        sentence = f"Le type de message « {unknown[0]} » n’est pas connu."
        raise Invalid(sentence, fields={"triggers": sentence})
    if not 0 <= entry.silence_hours <= _LONGEST_SILENCE:
        sentence = "Indiquez un délai entre 0 (aucune alarme) et 720 heures."
        raise Invalid(sentence, fields={"silence_hours": sentence})
    _check_return(entry)
    if not 0 < len(entry.authorities) <= _AUTHORITIES_AT_MOST:
        sentence = f"Indiquez une autorité d’identifiants, et {_AUTHORITIES_AT_MOST} au plus."
        raise Invalid(sentence, fields={"authorities": sentence})


def _check_return(entry: SenderEntry) -> None:
    if bool(entry.return_host) != (entry.return_port is not None):
        sentence = "Indiquez l’adresse et le port de retour, ou ni l’une ni l’autre."
        raise Invalid(sentence, fields={"return_port": sentence})
    if entry.return_host and not re.fullmatch(r"[A-Za-z0-9.:-]{1,120}", entry.return_host):
        sentence = "Indiquez un nom de machine ou une adresse, sans rien d’autre."
        raise Invalid(sentence, fields={"return_host": sentence})
    if entry.return_host and not entry.return_tls and not (settings.DEMO or settings.TESTING):
        sentence = "Hors démonstration, les accusés partent chiffrés."
        raise Invalid(sentence, fields={"return_tls": sentence})


def _declare(actor: Actor, sender: SenderSystem, entry: SenderEntry) -> None:
    sender.triggers, sender.silence_hours = sorted(set(entry.triggers)), entry.silence_hours
    sender.return_host, sender.return_port = entry.return_host, entry.return_port
    sender.return_tls = entry.return_tls
    sender.save(update_fields=["triggers", "silence_hours", "return_host", "return_port", "return_tls"])
    detail = {
        "done": "declared",
        "triggers": sender.triggers,
        "authorities": list(entry.authorities),
        "silence_hours": sender.silence_hours,
        "returns_to": f"{sender.return_host}:{sender.return_port}" if sender.return_host else "",
    }
    audit.record(actor, SENDER_MANAGE, about=sender, detail=detail)


def _domain(authority: str, organization: Organization) -> IdentityDomain:
    domain, _ = IdentityDomain.objects.get_or_create(
        authority=authority, defaults={"name": organization.name[:120], "organization": organization}
    )
    if domain.organization_id != organization.pk:
        raise Conflict("Cette autorité d’identifiants est déjà celle d’un autre établissement.")
    return domain


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
def decide_death(actor: Actor, message_id: UUID) -> InboundMessage:
    """The death that the desk had cleared is real: the message that announces it is played again. Raises Conflict."""
    message = access.get(actor, MESSAGE_DECIDE, InboundMessage, message_id, lock=True)
    if message.outcome != MessageOutcome.DEATH_CLEARED or message.patient_id is None:
        raise Conflict("Ce message n’attend pas de décision sur un décès.")
    patient_id = surviving_patient(message.patient_id)
    admit_death(actor, patient_id)
    _replay(actor, message)
    audit.record(actor, MESSAGE_DECIDE, patient_id=patient_id, about=message, detail={"decision": "death"})
    return message


@action
def put_aside(actor: Actor, message_id: UUID, *, reason: str) -> InboundMessage:
    """The message will not be applied; those that waited behind it go on. Raises Invalid without a reason."""
    message = access.get(actor, MESSAGE_DECIDE, InboundMessage, message_id, lock=True)
    why = " ".join(reason.split())
    if len(why) < _REASON_MIN_LENGTH:
        raise Invalid("Indiquez pourquoi ce message est écarté.", fields={"reason": "Motif trop court."})
    message.reason = why[:200]
    message.state, message.outcome = MessageState.PUT_ASIDE, MessageOutcome.SET_ASIDE
    _signed(actor, message)
    acknowledge([(message, MessageState.PUT_ASIDE, MessageOutcome.SET_ASIDE)])
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


@action
def unmask(actor: Actor, message_id: UUID, *, why: LookReason) -> InboundMessage:
    """Shows the identity of a message to somebody who says why, once, and writes a row of the trail."""
    message = access.get(actor, MESSAGE_UNMASK, InboundMessage, message_id, related=("sender__organization",))
    audit.record(actor, MESSAGE_UNMASK, about=message, detail={"why": why.value})
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
