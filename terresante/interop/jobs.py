"""Messages become identities and stays, in the order each sender sent them for each identity.

A message that waits for a person, or that failed, holds back only the later ones about the same identity.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import Exists, Func, OuterRef, Q, TextField, Value
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
from terresante.kernel.together import written_together
from terresante.patients.actions import complete_identity, link_identity, replace_identifier
from terresante.patients.models import SourceIdentity
from terresante.patients.traits import Traits
from terresante.stays.actions import apply_movement

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# Messages looked at, to find those whose turn it is; and applied in one transaction, told to browsers at its end.
_WINDOW = 200
_TOGETHER = 24
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
    """Applies up to `limit` waiting messages; returns how many were settled. Processes may share the work."""
    settled = 0
    while settled < limit and (done := _apply_together(min(_TOGETHER, limit - settled), clock)):
        settled += done
    return settled


def _apply_together(most: int, clock: Clock) -> int:
    """One transaction, and a savepoint for each message: what fails rolls back alone.

    A deadlock or a lost database rolls everything back, to be applied again.
    """
    with rls.acting(_job()), written_together():
        turns = [(row, _settled(row, clock())) for row in _whose_turn_it_is(most)]
        if turns:
            _write(turns, clock())
            release_unmatched(
                {key for row, settled in turns if settled.patient_id for key in row.identity_keys}
            )
    return len(turns)


def _whose_turn_it_is(most: int) -> list[InboundMessage]:
    """The oldest ones, one of each identity, locked; without those another process has taken.

    A message still waiting when the list was read keeps the later ones of its identity out, locked or not.
    """
    waiting = InboundMessage.objects.filter(state=_S.RECEIVED).order_by("sequence")
    first: list[UUID] = []
    seen: set[str] = set()
    for key, identity_keys in waiting.values_list("pk", "identity_keys")[:_WINDOW]:
        if seen.isdisjoint(identity_keys):
            first.append(key)
        seen.update(identity_keys)
    earlier = InboundMessage.objects.filter(
        sender_id=OuterRef("sender_id"), sequence__lt=OuterRef("sequence")
    )
    holding = earlier.filter(state__in=HOLDING, identity_keys__overlap=OuterRef("identity_keys"))
    repeated = earlier.exclude(control_id="").filter(control_id=OuterRef("control_id"))
    return list(
        waiting.filter(pk__in=first)
        .annotate(is_held=Exists(holding), repeats=Exists(repeated))
        .select_related("sender__organization")
        .prefetch_related("sender__domains")
        .select_for_update(of=("self",), skip_locked=True)[:most]
    )


def _settled(row: InboundMessage, now: datetime) -> Settled:
    try:
        job = _job(row.pk)
        with rls.acting(job), written_together():
            return _settle(row, job, now)
    except Exception as error:  # one message's bug stops nobody else's; its text may quote the row
        if _is_passing(error):
            raise
        log.error("interop: message %s failed, %s", row.pk, type(error).__name__)
        return Settled(_S.FAILED, _O.BUG)


def _is_passing(error: Exception) -> bool:
    """Not the message's fault: the connection (08, or no code), a deadlock (40), a lock (55), a shutdown (57)."""
    cause = error.__cause__
    code = (cause.sqlstate if isinstance(cause, psycopg.Error) else None) or "08"
    return isinstance(error, OperationalError) and code[:2] in ("08", "40", "55", "57")


def _settle(row: InboundMessage, job: Actor, now: datetime) -> Settled:
    if row.is_held:  # type: ignore[attr-defined]  # annotated
        return Settled(_S.HELD, _O.NONE)
    row.is_control_id_reused = row.repeats  # type: ignore[attr-defined]  # annotated
    found = examine(unseal(row.sealed_raw, context=SEALED_FOR))
    if isinstance(found, Refusal):
        return Settled(_S.UNREADABLE, _O.NOT_READABLE)
    message = read_adt(found)
    row.remarks = [f"{oddity.code} {oddity.where}"[:60] for oddity in message.warnings]
    return _applied(_Work(row, message, job, _hospital(row), now))


def _applied(work: _Work) -> Settled:
    kind = work.message.kind
    if not work.message.trigger.is_used:
        return Settled(_S.IGNORED, _O.UNUSED_EVENT)
    merge = work.message.merge
    if kind in _REPLACEMENTS and not (merge and merge.retires_ins_only):
        return _replaced(work)
    if kind in (Kind.IDENTITIES_LINKED, Kind.IDENTITIES_UNLINKED):
        return _related(work)
    if kind is Kind.ACCOUNT_MOVED:
        return _account_moved(work)
    match = match_identity(work.locals, work.message.identity)
    if match.patient_id is None or match.standing not in (Standing.LINKED, Standing.RECOGNISED):
        return _not_matched(work, match)
    source = _linked(work, match.patient_id)
    if kind in _OF_AN_IDENTITY + _REPLACEMENTS:
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
    numbers = [local.value for local in work.locals]
    known = {
        (source.domain_id, source.value): source
        for source in SourceIdentity.objects.filter(patient_id=patient_id, value__in=numbers)
    }
    sources = [
        known.get((local.domain.pk, local.value))
        or link_identity(work.job, patient_id, domain=local.domain, value=local.value)
        for local in work.locals
    ]
    return sources[0]


def _identity_applied(work: _Work, match: Match, patient_id: UUID) -> Settled:
    """A28, A31, A08: they touch the identity only, and never open a record (INTEROP.md 4)."""
    patient, traits = patient_of(patient_id), work.traits
    is_withdrawn = work.message.identity.is_ins_erased and bool(patient.ins)
    if is_withdrawn or contradicts_qualified(patient, traits):
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
        with written_together():
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


# Of an opposition nothing is kept but the count (DESIGN.md 6); of a message without effect, not its content.
_WRITE = """
UPDATE interop_inboundmessage AS message
SET state = turn.state, outcome = turn.outcome, patient_id = turn.patient_id, handled_at = %s,
    trait_keys = string_to_array(turn.trait_keys, ','),
    is_control_id_reused = turn.is_control_id_reused,
    remarks = CASE WHEN turn.state = 'opposed' THEN '{}' ELSE string_to_array(turn.remarks, chr(31)) END,
    sealed_raw = CASE WHEN turn.state IN ('opposed', 'ignored') THEN '' ELSE message.sealed_raw END,
    identity_keys = CASE WHEN turn.state = 'opposed' THEN '{}' ELSE message.identity_keys END,
    control_id = CASE WHEN turn.state = 'opposed' THEN '' ELSE message.control_id END,
    content_hash = CASE WHEN turn.state = 'opposed' THEN uuid_send(message.id) ELSE message.content_hash END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::boolean[], %s::text[])
     AS turn (id, state, outcome, patient_id, trait_keys, is_control_id_reused, remarks)
WHERE message.id = turn.id
"""


def _write(turns: Sequence[tuple[InboundMessage, Settled]], now: datetime) -> None:
    columns = zip(
        *(
            (
                row.pk,
                settled.state.value,
                settled.outcome.value,
                settled.patient_id,
                ",".join(settled.trait_keys),
                row.is_control_id_reused,
                "\x1f".join(row.remarks),
            )
            for row, settled in turns
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, *(list(column) for column in columns)])


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
