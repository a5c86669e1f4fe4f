"""What becomes of the messages whose turn it is: matched together, applied together, in one savepoint.

An error drops the savepoint and its messages are applied again by halves, down to one: a bad message rolls back alone,
and what becomes of a message is decided by the same code alone or in company.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from terresante.interop.coding import unlisted
from terresante.interop.digests import SEALED_FOR
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.filing import Files, file_carried
from terresante.interop.following import follow_accounts, follow_stay, hold_visits
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import AdtMessage
from terresante.interop.hl7v2.carried import Carried
from terresante.interop.hl7v2.examination import acknowledges, examined
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.triggers import Kind
from terresante.interop.mapping import accepted_traits, account, reported_movement, visit_number
from terresante.interop.matching import (
    Asked,
    Knowledge,
    Local,
    Match,
    Standing,
    compare,
    contradicts_qualified,
    local_identifiers,
    match_identity,
)
from terresante.interop.models import InboundMessage, RobotRule
from terresante.interop.queries import trait_keys
from terresante.interop.robot_actions import may_be_prepared, note_discharge, prepare, rules_of_units
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.passing import is_passing
from terresante.kernel.sealing import unseal
from terresante.kernel.together import written_together
from terresante.patients.actions import complete_identity, link_identity, replace_identifier
from terresante.stays.actions import Report, apply_movements
from terresante.stays.enums import MovementAction

log = logging.getLogger(__name__)

_S, _O = MessageState, MessageOutcome
_REPLACEMENTS = (Kind.IDENTITY_MERGED, Kind.IDENTIFIER_CHANGED)
_OF_AN_IDENTITY = (Kind.IDENTITY_CREATED, Kind.IDENTITY_UPDATED)


@dataclass(frozen=True, slots=True)
class Settled:
    state: MessageState
    outcome: MessageOutcome
    patient_id: UUID | None = None
    trait_keys: tuple[str, ...] = ()


Turn = tuple[InboundMessage, Settled]


@dataclass(frozen=True, slots=True)
class _Work:
    """One message being applied."""

    row: InboundMessage
    message: AdtMessage
    asked: Asked

    @property
    def job(self) -> Actor:
        return gateway_job(self.row.pk)


@dataclass(frozen=True, slots=True)
class _Paper:
    """One message that carries a document."""

    row: InboundMessage
    carried: Carried
    asked: Asked

    @property
    def job(self) -> Actor:
        return gateway_job(self.row.pk)


@dataclass(frozen=True, slots=True)
class _Move:
    """A movement to write with those of its hospital."""

    row: InboundMessage
    report: Report


def gateway_job(message_id: UUID | None = None) -> Actor:
    """The actor that looks for the person; the hospital is the one that writes in the record."""
    actor = Actor.job("interop", channel=Channel.MLLP)
    return replace(actor, correlation_id=message_id) if message_id else actor


def settle(rows: Sequence[InboundMessage], *, now: datetime, files: Files | None = None) -> list[Turn]:
    """Settles messages in the caller’s transaction. Left for the next time: those about somebody whom an earlier
    message is about, and those whose document is not put away yet (`files.wanted`).

    A deadlock or a lost database is raised: no message is at fault, and everything is applied again.
    """
    files = files or Files()
    try:
        with transaction.atomic(), written_together():
            return _settled_together(rows, now, files)
    except Exception as error:  # one message's bug stops nobody else's; its text may quote the row
        if is_passing(error):
            raise
        if len(rows) == 1:
            log.error("interop: message %s failed, %s", rows[0].pk, type(error).__name__)
            return [(rows[0], Settled(_S.FAILED, _O.BUG))]
    middle = len(rows) // 2
    return [
        *settle(rows[:middle], now=now, files=files),
        *settle(rows[middle:], now=now, files=files),
    ]


def _settled_together(rows: Sequence[InboundMessage], now: datetime, files: Files) -> list[Turn]:
    turns: list[Turn] = []
    works: list[_Work | _Paper] = []
    for row in rows:
        opened = _opened(row, files)
        if isinstance(opened, Settled):
            turns.append((row, opened))
        else:
            works.append(opened)
    hold_visits(visit for work in works for visit in _visits_of(work))
    known = Knowledge([work.asked for work in works])
    leaving = any(isinstance(work, _Work) and work.message.kind is Kind.DISCHARGE for work in works)
    rules = rules_of_units() if leaving else []
    moves: list[_Move] = []
    for work in _about_different_persons(works, known):
        done = _filed(work, known, files) if isinstance(work, _Paper) else _applied(work, known, rules)
        if isinstance(done, _Move):
            moves.append(done)
        elif done is not None:
            turns.append((work.row, done))
    moves.sort(key=lambda move: move.row.sender_id)
    for _, group in groupby(moves, key=lambda move: move.row.sender_id):
        turns += _written(list(group), now)
    return turns


def _visits_of(work: _Work | _Paper) -> Iterator[tuple[UUID, str]]:
    if isinstance(work, _Paper):
        yield work.row.sender.organization_id, work.carried.visit_number
    else:
        for number in (visit_number(work.message), account(work.message)):
            yield work.row.sender.organization_id, number


def _opened(row: InboundMessage, files: Files) -> _Work | _Paper | Settled:
    if row.is_held:  # type: ignore[attr-defined]  # annotated
        return Settled(_S.HELD, _O.NONE)
    row.is_control_id_reused = row.repeats  # type: ignore[attr-defined]  # annotated
    if row.pk in files.ready:
        return _opened_paper(row, files.ready[row.pk].carried)
    found = examined(unseal(row.sealed_raw, context=SEALED_FOR))
    if isinstance(found, Refusal):
        return Settled(_S.UNREADABLE, _O.NOT_READABLE)
    if acknowledges(found.message):
        return Settled(_S.IGNORED, _O.BUSINESS_ACK)
    if found.carried is not None:
        return _opened_paper(row, found.carried)
    message = read_adt(found.message)
    row.remarks = [f"{oddity.code} {oddity.where}"[:60] for oddity in message.warnings]
    if not message.trigger.is_used:
        return Settled(_S.IGNORED, _O.UNUSED_EVENT)
    other = message.linked_identity
    asked = Asked(
        local_identifiers(row.sender, message.identity.ipps),
        accepted_traits(message.identity, test_ins=settings.ACCEPT_TEST_INS),
        [*_prior(row, message), *local_identifiers(row.sender, other.ipps if other else ())],
    )
    return _Work(row, message, asked)


def _opened_paper(row: InboundMessage, carried: Carried) -> _Paper:
    row.remarks = [f"{oddity.code} {oddity.where}"[:60] for oddity in carried.warnings] + unlisted(carried)
    traits = accepted_traits(carried.identity, test_ins=settings.ACCEPT_TEST_INS)
    return _Paper(row, carried, Asked(local_identifiers(row.sender, carried.local_ids), traits))


def _prior(row: InboundMessage, message: AdtMessage) -> list[Local]:
    return local_identifiers(row.sender, message.merge.ipps if message.merge else ())


def _about_different_persons(works: Sequence[_Work | _Paper], known: Knowledge) -> list[_Work | _Paper]:
    """Keeps one message a person: what was read of somebody is out of date once a message about him is applied, so the
    next one waits.
    """
    chosen: list[_Work | _Paper] = []
    taken: set[UUID] = set()
    for work in works:
        persons = known.touched(work.asked)
        if taken.isdisjoint(persons):
            chosen.append(work)
        taken |= persons
    return chosen


def _applied(work: _Work, known: Knowledge, rules: Sequence[RobotRule]) -> Settled | _Move:
    kind = work.message.kind
    merge = work.message.merge
    if kind in _REPLACEMENTS and not (merge and merge.retires_ins_only):
        return _replaced(work, known)
    if kind in (Kind.IDENTITIES_LINKED, Kind.IDENTITIES_UNLINKED):
        return _related(work, known)
    if kind is Kind.ACCOUNT_MOVED:
        return _account_moved(work, known)
    match = match_identity(work.asked, known)
    if match.patient_id is None or match.standing not in (Standing.LINKED, Standing.RECOGNISED):
        if may_be_prepared(work.asked, match, known):
            _prepared(work, rules)
        return _not_matched(work, match)
    source_id = link_numbers(work.job, work.asked, match.patient_id, known)
    if kind in _OF_AN_IDENTITY + _REPLACEMENTS:
        return _identity_applied(work, match, match.patient_id, known)
    return _movement(work, match.patient_id, source_id)


def _prepared(work: _Work, rules: Sequence[RobotRule]) -> None:
    """Who leaves a unit that a structure follows: a closed record is prepared under her hospital's number, and the
    message is played again once it exists (MISSION H11).
    """
    if work.message.kind is not Kind.DISCHARGE or work.message.identity.is_doubted:
        return
    moved = reported_movement(work.message, message_id=work.row.pk, received_at=work.row.received_at)
    rule = next(
        (
            each
            for each in rules
            if moved is not None
            and moved.action is MovementAction.INSERT
            and (each.sender_id, each.unit_code) == (work.row.sender_id, moved.unit_code)
        ),
        None,
    )
    if rule is None:
        return
    try:
        prepared = prepare(work.job, rule, work.asked.traits)
    except Invalid:  # a trait is missing: nobody is told apart without the five
        return
    note_discharge(rule)
    for local in work.asked.locals:
        link_identity(work.job, prepared.patient_id, domain=local.domain, value=local.value)


def _filed(paper: _Paper, known: Knowledge, files: Files) -> Settled | None:
    """None while its file is to be put away. Nothing was put away for a message that is about nobody, doubtful or
    opposed.
    """
    match = match_identity(paper.asked, known)
    if match.patient_id is None or match.standing not in (Standing.LINKED, Standing.RECOGNISED):
        return _not_matched(paper, match)
    link_numbers(paper.job, paper.asked, match.patient_id, known)
    done = file_carried(paper.row, _hospital(paper.row), match.patient_id, paper.carried, files)
    return Settled(done.state, done.outcome, match.patient_id) if done else None


def _not_matched(work: _Work | _Paper, match: Match) -> Settled:
    match match.standing:
        case Standing.OPPOSED:
            return Settled(_S.OPPOSED, _O.OPPOSED)
        case Standing.NOBODY:
            keys = tuple(trait_keys(work.asked.traits))
            return Settled(_S.NO_CANDIDATE, match.outcome, trait_keys=keys)
        case _:
            return Settled(_S.DOUBTFUL, match.outcome)


def link_numbers(job: Actor, asked: Asked, patient_id: UUID, known: Knowledge) -> UUID:
    """Every number of the message that its sender may give is this person's from now on; the first one's key."""
    sources: list[UUID] = []
    for local in asked.locals:
        link = known.links.get(local.key)
        if link is None or link.owner_id != patient_id:
            row = link_identity(job, patient_id, domain=local.domain, value=local.value)
            sources.append(row.pk)
        else:
            sources.append(link.source_id)
    return sources[0]


def _identity_applied(work: _Work, match: Match, patient_id: UUID, known: Knowledge) -> Settled:
    """A28, A31, A08: they touch the identity only, and never open a record (INTEROP.md 4)."""
    patient, traits = known.person(patient_id), work.asked.traits
    is_withdrawn = work.message.identity.is_ins_erased and bool(patient.ins)
    if is_withdrawn or contradicts_qualified(patient, traits):
        return Settled(_S.DOUBTFUL, _O.CONTRADICTION, patient_id)
    if not compare(patient, traits).is_same:
        traits = replace(traits, ins="", ins_oid="")
    told = work.message.identity
    deceased_on = timezone.localdate(told.died_at) if told.died_at else None
    try:
        changed = complete_identity(
            work.job, patient, traits=traits, deceased_on=deceased_on, is_deceased=told.is_dead
        )
    except Conflict:
        return Settled(_S.DOUBTFUL, _O.DEATH_CLEARED, patient_id)
    if match.standing is Standing.RECOGNISED:
        return Settled(_S.APPLIED, _O.IDENTITY_LINKED, patient_id)
    return Settled(_S.APPLIED, _O.IDENTITY_UPDATED if changed else _O.IDENTITY_KNOWN, patient_id)


def _movement(work: _Work, patient_id: UUID, source_id: UUID) -> Settled | _Move:
    """ZFA is not looked at: it says what the person chose for the national DMP, not for this record (README)."""
    movement = reported_movement(work.message, message_id=work.row.pk, received_at=work.row.received_at)
    if movement is None:
        return Settled(_S.IGNORED, _O.NO_VISIT, patient_id)
    if not movement.visit_number:
        return Settled(_S.REFUSED, _O.NO_VISIT_NUMBER, patient_id)
    return _Move(work.row, Report(patient_id, source_id, movement))


def _written(moves: Sequence[_Move], now: datetime) -> list[Turn]:
    """Writes the movements of one hospital. A refusal does not say which of several it is about: they are then tried
    one by one.
    """
    state, outcome = _S.APPLIED, _O.STAY
    try:
        with written_together():
            reports = [move.report for move in moves]
            stays = apply_movements(_hospital(moves[0].row), reports, now=now)
            for move, stay in zip(moves, stays, strict=True):
                if stay.has_turned:
                    follow_stay(_hospital(move.row), stay)
            learned = [stay for stay in stays if stay.has_new_account and not stay.has_turned]
            follow_accounts(_hospital(moves[0].row), learned)
    except (Conflict, Invalid) as refusal:
        if len(moves) > 1:
            raise
        state, outcome = _S.DOUBTFUL, _O.VISIT_OF_ANOTHER
        if isinstance(refusal, Invalid):
            state, outcome = _S.REFUSED, _O.UNCLEAR_CORRECTION
    return [(move.row, Settled(state, outcome, move.report.patient_id)) for move in moves]


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


def _replaced(work: _Work, known: Knowledge) -> Settled:
    """A40 and A47: MRG-1 is dead, PID-3 lives. Two regional patients are never merged without a person."""
    pairs = [
        (dead, kept)
        for dead in _prior(work.row, work.message)
        for kept in work.asked.locals
        if dead.domain == kept.domain
    ]
    if any(dead.value == kept.value for dead, kept in pairs):
        return Settled(_S.REFUSED, _O.MERGE_LOOP)
    behind = known.linked(local for pair in pairs for local in pair)
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


def _related(work: _Work, known: Knowledge) -> Settled:
    """A24 says that two numbers are one person's, A37 takes it back."""
    both = [*work.asked.locals, *work.asked.others]
    behind = known.linked(both)
    if not behind:
        return Settled(_S.NO_CANDIDATE, _O.NO_RECORD)
    if work.message.kind is Kind.IDENTITIES_UNLINKED:
        linked = sum(local.key in known.links for local in both)
        is_one = len(behind) == 1 and linked > 1
        return Settled(_S.DOUBTFUL, _O.UNLINKED) if is_one else Settled(_S.IGNORED, _O.IDENTITY_KNOWN)
    if len(behind) > 1:
        return Settled(_S.DOUBTFUL, _O.TWO_PATIENTS)
    patient_id = behind.pop()
    for local in both:
        link_identity(work.job, patient_id, domain=local.domain, value=local.value)
    return Settled(_S.APPLIED, _O.IDENTITY_LINKED, patient_id)


def _account_moved(work: _Work, known: Knowledge) -> Settled:
    if known.linked((*work.asked.locals, *work.asked.others)):
        return Settled(_S.DOUBTFUL, _O.ACCOUNT_MOVED)
    return Settled(_S.NO_CANDIDATE, _O.NO_RECORD)
