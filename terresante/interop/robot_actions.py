"""Records prepared by a structure's rule, then informed or abandoned by its people (MISSION H11).

Never opened to sharing by itself, never for somebody who resembles another person or opposes a record.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from terresante.care_team.actions import prepare_record
from terresante.care_team.regime import needs_consent
from terresante.directory.models import Organization
from terresante.interop.access import RECORDS_TO_INFORM, ROBOT_MANAGE, require_administrator
from terresante.interop.enums import AbandonReason, PreparedState, RunKind
from terresante.interop.matching import (
    SAME_TRAITS,
    Asked,
    Knowledge,
    Match,
    Standing,
    compare,
    match_identity,
)
from terresante.interop.models import PreparedRecord, RobotRule, RobotRun, SenderSystem
from terresante.interop.queries import numbered
from terresante.interop.robot import LARGEST, Line, read_table
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.patients.enums import Sex
from terresante.patients.models import CareRecord
from terresante.patients.traits import UNKNOWN_PLACE, Traits, strict_traits

log = logging.getLogger(__name__)

RECORD_PREPARED = Action("record.prepared", "Inscrire un dossier préparé")
_KEY_LENGTH = 36
_NO_CONSENT = (
    "Sous le régime de 2019, un dossier se crée avec le consentement de la personne : rien n’est préparé."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    name: str
    organization_number: str
    sender_id: UUID | None = None
    unit_code: str = ""


@action
def set_rule(actor: Actor, *, entry: RuleEntry) -> RobotRule:
    """By an administrator, at the request of the structure. Raises Refused, Invalid."""
    require_administrator(actor)
    found = list(Organization.objects.filter(numbered(entry.organization_number), active=True)[:2])
    if len(found) != 1:
        sentence = "Aucune structure en activité ne porte ce numéro, ou plusieurs."
        raise Invalid(sentence, fields={"organization_number": sentence})
    if (entry.sender_id is None) != (not entry.unit_code):
        sentence = (
            "Une règle de sortie nomme l’émetteur et son unité ; une règle de fichier, ni l’un ni l’autre."
        )
        raise Invalid(sentence, fields={"unit_code": sentence})
    sender = SenderSystem.objects.get(pk=entry.sender_id) if entry.sender_id else None
    rule = RobotRule.objects.create(
        name=entry.name.strip()[:120],
        organization=found[0],
        sender=sender,
        unit_code=entry.unit_code.strip()[:20],
        set_by_name=actor.name,
    )
    detail = {"done": "set", "organization": str(found[0].pk), "unit": rule.unit_code}
    audit.record(actor, ROBOT_MANAGE, about=rule, detail=detail)
    return rule


@action
def switch_rule(actor: Actor, rule_id: UUID, *, active: bool) -> None:
    rule = access.get(actor, ROBOT_MANAGE, RobotRule, rule_id, lock=True)
    rule.active = active
    rule.save(update_fields=["active"])
    audit.record(actor, ROBOT_MANAGE, about=rule, detail={"done": "on" if active else "off"})


@action
def prepare_from_file(actor: Actor, rule_id: UUID, *, content: bytes) -> RobotRun:
    """Each line once, however often the file comes. Raises Invalid for what is no such file, Conflict for a rule that
    is stopped or that the regime forbids.
    """
    rule = access.get(actor, ROBOT_MANAGE, RobotRule, rule_id, lock=True, related=("organization",))
    if not rule.active:
        raise Conflict("Cette règle est arrêtée.")
    if needs_consent():
        raise Conflict(_NO_CONSENT)
    table = read_table(content, today=timezone.localdate())
    run = _run_of(actor, rule)
    run.ignored_columns = list(table.ignored)
    run.rejected_lines = [
        {"line": line.number, "why": line.why} for line in table.lines if line.traits is None
    ]
    with rls.acting(Actor.job("robot")):
        _prepare_lines(Actor.job("robot"), rule, table.lines, run)
    run.save(force_insert=True)
    detail = {"done": "ran", "run": str(run.pk), "prepared": run.prepared}
    audit.record(actor, ROBOT_MANAGE, about=rule, detail=detail)
    return run


def _run_of(actor: Actor, rule: RobotRule) -> RobotRun:
    if actor.kind == ActorKind.JOB:
        return RobotRun(rule=rule, kind=RunKind.NIGHT)
    return RobotRun(rule=rule, by_name=actor.name)


def note_discharge(rule: RobotRule) -> None:
    """Counts what a discharge set going: the page of the rule names no person."""
    RobotRun.objects.create(rule=rule, kind=RunKind.DISCHARGE, prepared=1)


@action
def note_refused(actor: Actor, rule_id: UUID, *, why: str) -> None:
    """A file of the night that was not read: its rule's page says why."""
    rule = access.get(actor, ROBOT_MANAGE, RobotRule, rule_id)
    run = _run_of(actor, rule)
    run.refused = why[:300]
    run.save(force_insert=True)
    audit.record(actor, ROBOT_MANAGE, about=rule, detail={"done": "refused", "run": str(run.pk)})


def read_folder(actor: Actor, folder: Path) -> int:
    """The files of the night, each named by the key of its rule, then what its sender likes; how many were read. One
    that is read is erased once what it prepared is committed, one that cannot be is set apart (`.refused`).
    """
    read = 0
    for path in sorted(folder.glob("*.csv")):
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
            rule_id = UUID(path.stem[:_KEY_LENGTH])
            prepare_from_file(actor, rule_id, content=content)
        except (ValueError, Invalid, Conflict, NotFound) as error:
            log.error("robot: a file was not read, %s", type(error).__name__)
            path.rename(path.with_suffix(".refused"))
            if isinstance(error, Invalid | Conflict):
                note_refused(actor, rule_id, why=str(error))
        else:
            read += 1
            transaction.on_commit(path.unlink)
    return read


def _prepare_lines(job: Actor, rule: RobotRule, lines: Sequence[Line], run: RobotRun) -> None:
    asked = [Asked([], line.traits) for line in lines if line.traits is not None]
    known = Knowledge(asked)
    seen: set[tuple[object, ...]] = set()
    for each in asked:
        if strict_traits(each.traits) in seen or _has_record(each, known):
            run.known += 1
        elif match_identity(each, known).standing is not Standing.NOBODY or known.candidates(each):
            run.left_out += 1
        else:
            prepare(job, rule, each.traits)
            run.prepared += 1
        seen.add(strict_traits(each.traits))


def _has_record(asked: Asked, known: Knowledge) -> bool:
    """Somebody of these very five traits has one already, and does not oppose it."""
    persons = [known.with_record(key) for key, rank in known.candidates(asked) if rank <= SAME_TRAITS]
    return any(person is not None and compare(person, asked.traits).is_same for person in persons)


@action
def prepare(actor: Actor, rule: RobotRule, traits: Traits) -> PreparedRecord:
    """The caller has checked that nobody resembles this person. The trail names the rule."""
    record = prepare_record(actor, traits=traits, holder_id=rule.organization_id, programme=rule.name)
    prepared = PreparedRecord.objects.create(patient_id=record.patient_id, record=record, rule=rule)
    audit.record(
        actor, RECORD_PREPARED, patient_id=record.patient_id, about=prepared, detail={"rule": str(rule.pk)}
    )
    return prepared


def rules_of_units() -> list[RobotRule]:
    """Those that a discharge may set going; none where a consent must come first."""
    if needs_consent():
        return []
    return list(RobotRule.objects.filter(active=True).exclude(unit_code=""))


def may_be_prepared(asked: Asked, match: Match, known: Knowledge) -> bool:
    """Whether nobody resembles this person, all five traits are known, and a number of hers will be recognised in the
    next messages.
    """
    is_whole = asked.traits.birth_place_code != UNKNOWN_PLACE and asked.traits.sex != Sex.UNKNOWN
    is_new = match.standing is Standing.NOBODY and not known.candidates(asked)
    return is_whole and is_new and bool(asked.locals)


@action
def abandon_prepared(actor: Actor, prepared_id: UUID, *, why: AbandonReason) -> PreparedRecord:
    """The record stays closed, with its structure. Raises Conflict once the person was informed."""
    prepared = access.get(actor, RECORDS_TO_INFORM, PreparedRecord, prepared_id)
    rls.open_record(prepared.patient_id)
    prepared = PreparedRecord.objects.select_for_update().get(pk=prepared.pk)
    if prepared.state != PreparedState.TO_INFORM:
        raise Conflict("Ce dossier n’attend plus d’information.")
    _end(prepared, PreparedState.ABANDONED, by=actor.name)
    prepared.abandon_reason = why
    prepared.save(update_fields=["state", "ended_at", "ended_by_name", "abandon_reason"])
    detail = {"why": why.value}
    audit.record(actor, RECORDS_TO_INFORM, patient_id=prepared.patient_id, about=prepared, detail=detail)
    return prepared


def note_informed(patient_id: UUID) -> None:
    """Called in the context of a job, once the ordinary action has opened the record to sharing."""
    rls.open_record(patient_id)
    waiting = Q(patient_id=patient_id, state=PreparedState.TO_INFORM)
    for prepared in PreparedRecord.objects.filter(waiting).select_for_update():
        informed = CareRecord.objects.select_related("information_given_by").get(pk=prepared.record_id)
        _end(prepared, PreparedState.INFORMED, by=str(informed.information_given_by or ""))
        prepared.save(update_fields=["state", "ended_at", "ended_by_name"])


def _end(prepared: PreparedRecord, state: PreparedState, *, by: str) -> None:
    prepared.state, prepared.ended_at, prepared.ended_by_name = state, timezone.now(), by
