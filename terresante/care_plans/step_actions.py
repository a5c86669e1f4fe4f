"""What the circle does of each step of an organised pathway: what follows from it is dated and billed again."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.access import INCLUSION_READ, STEP_ASSIGN, STEP_WORK
from terresante.care_plans.actions import changed, of_record, plan, trace
from terresante.care_plans.definition import Definition
from terresante.care_plans.due_dates import due_dates
from terresante.care_plans.enums import LONGEST_DELAY, ChangeKind, InclusionState, StepState
from terresante.care_plans.events import PathwayChanged
from terresante.care_plans.models import BillableSequence, Inclusion, PlannedStep
from terresante.care_plans.queries import may_be_given
from terresante.care_team import matrix
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import name_in_circle
from terresante.kernel import access, together
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.events import emit


@action
def do_step(actor: Actor, record_id: UUID, step_id: UUID, *, on: date) -> PlannedStep:
    """Done that day, by the actor. The steps counted from it follow, and what it completes becomes billable."""
    inclusion, step = _step(actor, record_id, step_id)
    _must_be_planned(step)
    if not inclusion.included_on <= on <= timezone.localdate():
        sentence = "Une étape est faite entre le jour de l’inclusion et aujourd’hui."
        raise Invalid(sentence, fields={"on": sentence})
    step.state, step.done_on, step.done_by_name = StepState.DONE, on, name_in_circle(actor, step.sector)
    step.save(update_fields=["state", "done_on", "done_by_name"])
    definition = inclusion.definition
    _bill(inclusion, definition, step)
    _reschedule(inclusion, definition)
    _note_step(actor, inclusion, step, ChangeKind.DONE, after_on=on)
    return step


@action
def move_step(actor: Actor, record_id: UUID, step_id: UUID, *, on: date, reason: str) -> PlannedStep:
    """To a day somebody chose, with why; the steps counted from it follow."""
    inclusion, step = _step(actor, record_id, step_id)
    _must_be_planned(step)
    said = _reason(reason)
    if not inclusion.included_on <= on <= inclusion.included_on + timedelta(days=2 * LONGEST_DELAY):
        sentence = "L’échéance va du jour de l’inclusion à dix ans plus tard."
        raise Invalid(sentence, fields={"on": sentence})
    before, step.due_on, step.is_moved = step.due_on, on, True
    step.save(update_fields=["due_on", "is_moved"])
    _reschedule(inclusion, inclusion.definition)
    _note_step(actor, inclusion, step, ChangeKind.MOVED, words=said, before_on=before, after_on=on)
    return step


@action
def put_step_aside(actor: Actor, record_id: UUID, step_id: UUID, *, reason: str) -> PlannedStep:
    """Not needed for this person: nothing is late, and nothing is billed for it."""
    inclusion, step = _step(actor, record_id, step_id)
    _must_be_planned(step)
    step.state, step.reason = StepState.NOT_NEEDED, _reason(reason)
    step.save(update_fields=["state", "reason"])
    _note_step(actor, inclusion, step, ChangeKind.NOT_NEEDED, words=step.reason)
    return step


@action
def reopen_step(actor: Actor, record_id: UUID, step_id: UUID, *, reason: str) -> PlannedStep:
    """What was said by mistake. Raises Conflict when what it completed is billed already, or when it is still to do."""
    inclusion, step = _step(actor, record_id, step_id)
    if step.state == StepState.PLANNED:
        raise Conflict("Cette étape est déjà à faire.")
    said = _reason(reason)
    definition = inclusion.definition
    _take_back(inclusion, definition, step)
    step.state, step.done_on, step.done_by_name, step.reason = StepState.PLANNED, None, "", ""
    step.save(update_fields=["state", "done_on", "done_by_name", "reason"])
    _reschedule(inclusion, definition)
    _note_step(actor, inclusion, step, ChangeKind.REOPENED, words=said)
    return step


@action
def assign_step(actor: Actor, record_id: UUID, step_id: UUID, *, to: UUID | None) -> PlannedStep:
    """To a member of the circle who reads it; None gives it back to whoever has the role."""
    inclusion, step = _step(actor, record_id, step_id, STEP_ASSIGN)
    _must_be_planned(step)
    person = next((one for one in may_be_given(actor, step) if one.pk == to), None)
    if to is not None and person is None:
        raise Invalid(
            "Cette personne n’est pas dans le cercle.", fields={"to": "Choisissez quelqu’un du cercle."}
        )
    if person is not None and DataClass(step.data_class) not in matrix.readable(person.profession):
        sentence = f"{person.full_name} ne lit pas ce parcours : sa profession n’y a pas accès."
        raise Invalid(sentence, fields={"to": sentence})
    step.responsible = person
    step.save(update_fields=["responsible"])
    words = person.full_name if person else step.get_role_display()
    _note_step(actor, inclusion, step, ChangeKind.ASSIGNED, words=words)
    return step


def _step(
    actor: Actor, record_id: UUID, step_id: UUID, needed: Action = STEP_WORK
) -> tuple[Inclusion, PlannedStep]:
    """Locks the inclusion, then the step: what a step completes and moves is decided by one transaction at a time."""
    record = open_record(actor, record_id, action=INCLUSION_READ).record
    inclusion_id = access.get(actor, needed, PlannedStep, step_id).inclusion_id
    inclusion = access.get(actor, INCLUSION_READ, Inclusion, inclusion_id, lock=True, related=("version",))
    of_record(record, inclusion)
    if inclusion.state == InclusionState.LEFT:
        whose = "La personne est sortie de ce programme" if inclusion.programme_id else "Ce plan est clos"
        raise Conflict(f"{whose} : ses étapes ne changent plus.")
    return inclusion, access.get(actor, needed, PlannedStep, step_id, lock=True)


def _must_be_planned(step: PlannedStep) -> None:
    if step.state != StepState.PLANNED:
        raise Conflict(
            f"Cette étape n’est plus à faire ({step.get_state_display().lower()}) : rechargez la page."
        )


def _reason(words: str) -> str:
    said = " ".join(words.split())
    if not said:
        raise Invalid("Dites pourquoi.", fields={"reason": "Dites pourquoi, en quelques mots."})
    return said[:300]


def _bill(inclusion: Inclusion, definition: Definition, step: PlannedStep) -> None:
    """What this step completes; a repeated sequence then plans its steps again. Nothing of a plan is billed."""
    if inclusion.programme_id is None:
        return
    done = {
        (one.key, one.round): one.done_on
        for one in PlannedStep.objects.filter(patient_id=inclusion.patient_id, inclusion_id=inclusion.pk)
        if one.done_on is not None
    }
    for sequence in definition.sequences:
        days = [done.get((key, step.round)) for key in sequence.steps]
        complete = [day for day in days if day is not None]
        if step.key not in sequence.steps or len(complete) < len(days) or step.round > sequence.times:
            continue
        row = BillableSequence(
            patient_id=inclusion.patient_id,
            inclusion_id=inclusion.pk,
            programme_id=inclusion.programme_id,
            key=sequence.key,
            round=step.round,
            label=sequence.label,
            fee=sequence.fee,
            completed_on=max(complete),
        )
        together.insert([row], or_ignore=True)
        if step.round < sequence.times:
            again = [one for one in definition.steps if one.key in sequence.steps]
            place = step.round * len(definition.steps)
            plan(inclusion, again, max(complete), position=place, number=step.round + 1)


def _take_back(inclusion: Inclusion, definition: Definition, step: PlannedStep) -> None:
    keys = [one.key for one in definition.sequences if step.key in one.steps]
    completed = BillableSequence.objects.filter(
        patient_id=inclusion.patient_id, inclusion_id=inclusion.pk, key__in=keys, round=step.round
    )
    if any(one.batch_id is not None for one in completed):
        raise Conflict("Cette étape est déjà facturée à l’Assurance maladie : elle ne se remet plus à faire.")
    completed.delete()


def _reschedule(inclusion: Inclusion, definition: Definition) -> None:
    """Computes again the days of the steps that nobody did, moved or put aside."""
    mine = {"patient_id": inclusion.patient_id, "inclusion_id": inclusion.pk}
    steps = list(PlannedStep.objects.filter(**mine).order_by("round", "position"))
    ends = {(one.key, one.round): one.completed_on for one in BillableSequence.objects.filter(**mine)}
    moved: list[PlannedStep] = []
    for number in sorted({one.round for one in steps}):
        moved += _due_again([one for one in steps if one.round == number], inclusion, definition, ends)
    for step in moved:
        step.save(update_fields=["due_on"])


def _due_again(
    rows: list[PlannedStep], inclusion: Inclusion, definition: Definition, ends: dict[tuple[str, int], date]
) -> list[PlannedStep]:
    """Of one round: its first one counts from the inclusion, each other from the end of the one before."""
    number = rows[0].round
    fixed = {
        one.key: one.done_on or one.due_on for one in rows if one.state != StepState.PLANNED or one.is_moved
    }
    due: dict[str, date] = {}
    if number == 1:
        due = due_dates(definition.steps, inclusion.included_on, fixed)
    for sequence in definition.sequences if number > 1 else ():
        again = tuple(one for one in definition.steps if one.key in sequence.steps)
        if sequence.times > 1 and (sequence.key, number - 1) in ends:
            due |= due_dates(again, ends[sequence.key, number - 1], fixed)
    moved = [one for one in rows if one.key in due and due[one.key] != one.due_on and one.key not in fixed]
    for one in moved:
        one.due_on = due[one.key]
    return moved


def _note_step(actor: Actor, inclusion: Inclusion, step: PlannedStep, kind: ChangeKind, **said: Any) -> None:
    changed(actor, inclusion, kind, step=step, **said)
    emit(actor, PathwayChanged(**inclusion.told()))
    needed = STEP_ASSIGN if kind == ChangeKind.ASSIGNED else STEP_WORK
    trace(actor, needed, inclusion, step=step.key, round=step.round, change=kind.value)
