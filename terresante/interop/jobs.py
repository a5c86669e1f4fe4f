"""Messages become identities and stays, one transaction each, in the order each sender sent them.

A message that waits for a person, or that failed, holds back only the later ones about the same identity.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from terresante.interop.digests import SEALED_FOR
from terresante.interop.enums import HOLDING, MessageOutcome, MessageState
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import AdtMessage
from terresante.interop.hl7v2.grammar import Refusal, examine
from terresante.interop.hl7v2.triggers import Kind
from terresante.interop.mapping import accepted_traits, reported_movement
from terresante.interop.models import InboundMessage
from terresante.interop.queries import (
    Local,
    Match,
    Standing,
    compare,
    contradicts_qualified,
    linked_patient,
    local_identifiers,
    match_identity,
    patient_of,
    trait_keys,
)
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.jobs import loop, scheduled
from terresante.kernel.sealing import unseal
from terresante.patients.actions import complete_identity, link_identity, replace_identifier
from terresante.patients.models import SourceIdentity
from terresante.patients.traits import Traits
from terresante.stays.actions import apply_movement

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
_LOCK = 7_301_003
_S, _O = MessageState, MessageOutcome
_REPLACEMENTS = (Kind.IDENTITY_MERGED, Kind.IDENTIFIER_CHANGED)
_OF_AN_IDENTITY = (Kind.IDENTITY_CREATED, Kind.IDENTITY_UPDATED)


@dataclass(frozen=True, slots=True)
class Settled:
    state: MessageState
    outcome: MessageOutcome
    patient_id: UUID | None = None
    trait_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """One message being applied: `job` looks for the person, `hospital` writes in the record."""

    row: InboundMessage
    message: AdtMessage
    job: Actor
    hospital: Actor
    now: datetime

    @property
    def locals(self) -> list[Local]:
        return local_identifiers(self.row.sender, self.message.identity.ipps)

    @property
    def traits(self) -> Traits:
        return accepted_traits(self.message.identity, test_ins=settings.ACCEPT_TEST_INS)


def apply_waiting(limit: int = 200, *, clock: Clock = timezone.now) -> int:
    """Applies up to `limit` waiting messages; returns how many were settled. One process at a time (advisory lock)."""
    if not _locked("pg_try_advisory_lock"):
        return 0
    try:
        settled = 0
        while settled < limit and _apply_next(clock):
            settled += 1
        return settled
    finally:
        _locked("pg_advisory_unlock")


def _apply_next(clock: Clock) -> bool:
    with rls.acting(_job()):
        waiting = InboundMessage.objects.filter(state=_S.RECEIVED).order_by("sequence")
        key = waiting.values_list("pk", flat=True).first()
    if key is None:
        return False
    try:
        with rls.acting(_job(key)):
            _settle(_locked_row(key), clock())
    except Exception as error:  # noqa: BLE001 -- one message's bug stops nobody else's; its text may quote the row
        log.error("interop: message %s failed, %s", key, type(error).__name__)
        with rls.acting(_job(key)):
            _write(_locked_row(key), Settled(_S.FAILED, _O.BUG), clock())
    return True


def _locked_row(key: UUID) -> InboundMessage:
    return (
        InboundMessage.objects.select_related("sender__organization")
        .select_for_update(of=("self",))
        .get(pk=key)
    )


def _settle(row: InboundMessage, now: datetime) -> None:
    earlier = InboundMessage.objects.filter(sender_id=row.sender_id, sequence__lt=row.sequence)
    if earlier.filter(state__in=HOLDING, identity_keys__overlap=row.identity_keys).exists():
        _write(row, Settled(_S.HELD, _O.NONE), now)
        return
    row.is_control_id_reused = bool(row.control_id) and earlier.filter(control_id=row.control_id).exists()
    found = examine(unseal(row.sealed_raw, context=SEALED_FOR))
    if isinstance(found, Refusal):
        _write(row, Settled(_S.UNREADABLE, _O.NOT_READABLE), now)
        return
    message = read_adt(found)
    row.remarks = [f"{oddity.code} {oddity.where}"[:60] for oddity in message.warnings]
    _write(row, _applied(_Work(row, message, _job(row.pk), _hospital(row), now)), now)


def _applied(work: _Work) -> Settled:
    kind = work.message.kind
    if not work.message.trigger.is_used:
        return Settled(_S.IGNORED, _O.UNUSED_EVENT)
    if kind in _REPLACEMENTS:
        return _replaced(work)
    if kind in (Kind.IDENTITIES_LINKED, Kind.IDENTITIES_UNLINKED):
        return _related(work)
    if kind is Kind.ACCOUNT_MOVED:
        return _account_moved(work)
    match = match_identity(work.locals, work.message.identity)
    if match.patient_id is None or match.standing not in (Standing.LINKED, Standing.RECOGNISED):
        return _not_matched(work, match)
    source = _linked(work, match.patient_id)
    if kind in _OF_AN_IDENTITY:
        return _identity_applied(work, match, match.patient_id)
    return _movement_applied(work, match.patient_id, source)


def _not_matched(work: _Work, match: Match) -> Settled:
    match match.standing:
        case Standing.OPPOSED:
            return Settled(_S.OPPOSED, _O.OPPOSED)
        case Standing.NOBODY:
            return Settled(_S.NO_CANDIDATE, match.outcome, trait_keys=tuple(trait_keys(work.traits)))
        case _:
            return Settled(_S.DOUBTFUL, match.outcome)


def _linked(work: _Work, patient_id: UUID) -> SourceIdentity:
    """Every number of the message that its sender may give is this person's from now on."""
    known = [
        link_identity(work.job, patient_id, domain=local.domain, value=local.value) for local in work.locals
    ]
    release_unmatched(work.row.identity_keys)
    return known[0]


def _identity_applied(work: _Work, match: Match, patient_id: UUID) -> Settled:
    """A28, A31, A08: they touch the identity only, and never open a record (INTEROP.md 4)."""
    patient, traits = patient_of(patient_id), work.traits
    if contradicts_qualified(patient, traits):
        return Settled(_S.DOUBTFUL, _O.CONTRADICTION, patient_id)
    if not compare(patient, traits).is_same:
        traits = replace(traits, ins="", ins_oid="")
    died_at = work.message.identity.died_at
    changed = complete_identity(
        work.job, patient_id, traits=traits, deceased_on=timezone.localdate(died_at) if died_at else None
    )
    if match.standing is Standing.RECOGNISED:
        return Settled(_S.APPLIED, _O.IDENTITY_LINKED, patient_id)
    return Settled(_S.APPLIED, _O.IDENTITY_UPDATED if changed else _O.IDENTITY_KNOWN, patient_id)


def _movement_applied(work: _Work, patient_id: UUID, source: SourceIdentity) -> Settled:
    """ZFA is not looked at: it says what the person chose for the national DMP, not for this record (README)."""
    movement = reported_movement(work.message, message_id=work.row.pk, received_at=work.row.received_at)
    if movement is None:
        return Settled(_S.IGNORED, _O.NO_VISIT, patient_id)
    if not movement.visit_number:
        return Settled(_S.REFUSED, _O.NO_VISIT_NUMBER, patient_id)
    try:
        apply_movement(work.hospital, patient_id, source=source, movement=movement, now=work.now)
    except Conflict:
        return Settled(_S.DOUBTFUL, _O.VISIT_OF_ANOTHER, patient_id)
    except Invalid:
        return Settled(_S.REFUSED, _O.UNCLEAR_CORRECTION, patient_id)
    return Settled(_S.APPLIED, _O.STAY, patient_id)


def _replaced(work: _Work) -> Settled:
    """A40 and A47: MRG-1 is dead, PID-3 lives. Two regional patients are never merged without a person."""
    prior = work.message.merge.ipps if work.message.merge else ()
    pairs = [
        (dead, kept)
        for dead in local_identifiers(work.row.sender, prior)
        for kept in work.locals
        if dead.domain == kept.domain
    ]
    if any(dead.value == kept.value for dead, kept in pairs):
        return Settled(_S.REFUSED, _O.MERGE_LOOP)
    behind = {found for pair in pairs for local in pair if (found := linked_patient(local))}
    if len(behind) > 1:
        return Settled(_S.DOUBTFUL, _O.TWO_PATIENTS)
    if not behind:
        return Settled(_S.NO_CANDIDATE, _O.NO_RECORD)
    patient_id = behind.pop()
    try:
        for dead, kept in pairs:
            replace_identifier(
                work.job, patient_id, domain=dead.domain, dead=dead.value, surviving=kept.value
            )
    except Invalid:
        return Settled(_S.REFUSED, _O.MERGE_LOOP)
    release_unmatched(work.row.identity_keys)
    return Settled(_S.APPLIED, _O.IDENTIFIER_REPLACED, patient_id)


def _related(work: _Work) -> Settled:
    """A24 says that two numbers are one person's, A37 takes it back."""
    other = work.message.linked_identity
    both = [*work.locals, *local_identifiers(work.row.sender, other.ipps if other else ())]
    behind = {found for local in both if (found := linked_patient(local))}
    if not behind:
        return Settled(_S.NO_CANDIDATE, _O.NO_RECORD)
    if work.message.kind is Kind.IDENTITIES_UNLINKED:
        linked = sum(linked_patient(local) is not None for local in both)
        is_one = len(behind) == 1 and linked > 1
        return Settled(_S.DOUBTFUL, _O.UNLINKED) if is_one else Settled(_S.IGNORED, _O.IDENTITY_KNOWN)
    if len(behind) > 1:
        return Settled(_S.DOUBTFUL, _O.TWO_PATIENTS)
    patient_id = behind.pop()
    for local in both:
        link_identity(work.job, patient_id, domain=local.domain, value=local.value)
    release_unmatched(work.row.identity_keys)
    return Settled(_S.APPLIED, _O.IDENTITY_LINKED, patient_id)


def _account_moved(work: _Work) -> Settled:
    prior = work.message.merge.ipps if work.message.merge else ()
    either = [*work.locals, *local_identifiers(work.row.sender, prior)]
    if any(linked_patient(local) for local in either):
        return Settled(_S.DOUBTFUL, _O.ACCOUNT_MOVED)
    return Settled(_S.NO_CANDIDATE, _O.NO_RECORD)


def release_unmatched(identity_keys: Collection[str]) -> int:
    """An identifier is known from now on: what it said before is played again, in its order."""
    return InboundMessage.objects.filter(
        state=_S.NO_CANDIDATE, identity_keys__overlap=list(identity_keys)
    ).update(state=_S.RECEIVED, outcome=_O.NONE, trait_keys=[])


def release_held(row: InboundMessage) -> int:
    """What waited behind a message now decided; those behind another one are held again when their turn comes."""
    return InboundMessage.objects.filter(
        state=_S.HELD, sender_id=row.sender_id, identity_keys__overlap=row.identity_keys
    ).update(state=_S.RECEIVED)


@loop(idle=0.2)
def apply_what_waits() -> int:
    return apply_waiting()


@scheduled("47 * * * *")
def purge_what_is_late(actor: Actor) -> None:
    purge_kept()


def purge_kept(*, now: datetime | None = None) -> int:
    """Empties messages without candidate after their delay, and refused ones; only the count remains."""
    at = now or timezone.now()
    late = Q(state=_S.NO_CANDIDATE, received_at__lt=at - timedelta(days=settings.NO_CANDIDATE_DAYS)) | Q(
        state__in=[_S.REFUSED, _S.UNREADABLE, _S.PUT_ASIDE],
        received_at__lt=at - timedelta(days=settings.REFUSED_MESSAGE_DAYS),
    )
    with rls.acting(_job()):
        return InboundMessage.objects.filter(late).update(
            state=_S.PURGED,
            outcome=_O.TOO_OLD,
            sealed_raw=b"",
            identity_keys=[],
            trait_keys=[],
            content_hash=Func(Cast("id", TextField()), Value("UTF8"), function="convert_to"),
            control_id="",
        )


def _write(row: InboundMessage, settled: Settled, now: datetime) -> None:
    row.state, row.outcome = settled.state, settled.outcome
    row.patient_id, row.trait_keys = settled.patient_id, list(settled.trait_keys)
    row.handled_at = now
    if settled.state in (_S.OPPOSED, _S.IGNORED):
        row.sealed_raw = b""
    if settled.state is _S.OPPOSED:
        # Nothing is kept but the count (DESIGN.md 6).
        row.identity_keys, row.control_id, row.content_hash = [], "", row.pk.bytes
        row.remarks, row.patient_id = [], None
    row.save()


def _locked(function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _job(message_id: UUID | None = None) -> Actor:
    actor = Actor.job("interop", channel=Channel.MLLP)
    return replace(actor, correlation_id=message_id) if message_id else actor


def _hospital(row: InboundMessage) -> Actor:
    return Actor(
        kind=ActorKind.GATEWAY,
        name=row.sender.name,
        organization_id=row.sender.organization_id,
        organization_name=row.sender.organization.name,
        purpose=Purpose.SYSTEM,
        channel=Channel.MLLP,
        correlation_id=row.pk,
    )
