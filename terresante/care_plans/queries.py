from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Case, QuerySet, When
from django.urls import reverse
from django.utils import timezone

from terresante.care_plans.access import (
    INCLUSION_READ,
    PROGRAMME_READ,
    STEP_ASSIGN,
    STEP_WORK,
    is_for,
    is_theirs,
)
from terresante.care_plans.enums import InclusionState, StepState, VersionStatus
from terresante.care_plans.models import (
    BillableSequence,
    Inclusion,
    PathwayChange,
    PlannedStep,
    ProgrammeVersion,
)
from terresante.care_team import matrix
from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import circle_of
from terresante.directory.models import Practitioner
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.queries import pathway_of, published

# Of one inclusion, shown at once; what is older is in the access log.
CHANGES_SHOWN = 50
PROGRAMMES_OFFERED = 50


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as its page and the home page list it."""

    step: PlannedStep
    is_late: bool
    # Of the reader: his role's, or his by name.
    is_mine: bool
    may_work: bool = False
    # Title of the form to fill, and where it is filled: '' when it is not proposed any more.
    form: str = ""
    form_url: str = ""

    @property
    def who(self) -> str:
        if self.step.responsible is not None:
            return self.step.responsible.full_name
        return str(self.step.get_role_display())


@dataclass(frozen=True, slots=True)
class Pathway:
    """One inclusion as its page shows it."""

    inclusion: Inclusion
    steps: list[StepLine]
    sequences: list[BillableSequence] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(line.step.state == StepState.DONE for line in self.steps)

    @property
    def late(self) -> int:
        return sum(line.is_late for line in self.steps)

    @property
    def is_active(self) -> bool:
        return self.inclusion.state == InclusionState.ACTIVE

    @property
    def next_step(self) -> StepLine | None:
        waiting = [line for line in self.steps if line.step.state == StepState.PLANNED]
        return min(waiting, key=lambda line: line.step.due_on, default=None)


def pathways_of(actor: Actor, patient_id: UUID) -> list[Pathway]:
    """Those in course first, then the latest; with their steps, in two questions."""
    inclusions = _inclusions(actor, patient_id)
    by_inclusion: dict[UUID, list[PlannedStep]] = {}
    for step in _steps(actor, patient_id) if inclusions else ():
        by_inclusion.setdefault(step.inclusion_id, []).append(step)
    return [Pathway(one, _lines(actor, by_inclusion.get(one.pk, ()))) for one in inclusions]


def pathway(actor: Actor, inclusion: Inclusion) -> Pathway:
    """With what it made billable, and what the reader may do to each step."""
    steps = [one for one in _steps(actor, inclusion.patient_id) if one.inclusion_id == inclusion.pk]
    worked = set(_worked(actor, inclusion.patient_id, inclusion.pk))
    sequences = _sequences(actor, inclusion.patient_id, inclusion.pk)
    return Pathway(inclusion, _lines(actor, steps, worked), sequences)


def steps_of(actor: Actor, patient_id: UUID) -> list[PlannedStep]:
    """Of every programme and plan."""
    return _steps(actor, patient_id)


def _lines(actor: Actor, steps: Sequence[PlannedStep], worked: set[UUID] | None = None) -> list[StepLine]:
    today, may = timezone.localdate(), worked or set()
    forms = _forms() if any(one.form for one in steps) else {}
    return [_line(actor, one, forms.get(one.form), today, may) for one in steps]


def _line(
    actor: Actor, step: PlannedStep, form: PathwayVersion | None, today: date, may: set[UUID]
) -> StepLine:
    late, mine, worked = is_late(step, today), is_for(actor, step), step.pk in may
    if form is None:
        return StepLine(step, late, mine, worked)
    return StepLine(step, late, mine, worked, form.pathway.title, _where_filled(step.record_id, form))


def _where_filled(record_id: UUID, version: PathwayVersion) -> str:
    """The form itself; of a pathway that has several, these alone to choose from."""
    names = list(pathway_of(version.pk).forms)
    if len(names) == 1:
        return reverse("questionnaires:fill", args=[record_id, version.pk, names[0]])
    return f"{reverse('questionnaires:choose', args=[record_id])}?parcours={version.pathway.code}"


def form_titles() -> dict[str, str]:
    """Of the forms that are proposed now, by the code of their pathway."""
    return {code: version.pathway.title for code, version in _forms().items()}


def _forms() -> dict[str, PathwayVersion]:
    return {version.pathway.code: version for version in published()}


def is_late(step: PlannedStep, today: date) -> bool:
    return step.state == StepState.PLANNED and step.due_on < today


@compiled.rows
def _inclusions(actor: Actor, patient_id: UUID) -> QuerySet[Inclusion]:
    rows = access.list(actor, INCLUSION_READ, Inclusion, patient_id=patient_id)
    return rows.select_related("programme__organization", "version").order_by("state", "-included_on", "pk")


@compiled.rows
def _steps(actor: Actor, patient_id: UUID) -> QuerySet[PlannedStep]:
    rows = access.list(actor, INCLUSION_READ, PlannedStep, patient_id=patient_id)
    return rows.select_related("responsible").order_by("inclusion_id", "round", "position", "pk")


@compiled.rows
def _worked(actor: Actor, patient_id: UUID, inclusion_id: UUID) -> QuerySet[PlannedStep, UUID]:
    rows = access.list(actor, STEP_WORK, PlannedStep).filter(patient_id=patient_id, inclusion_id=inclusion_id)
    return rows.order_by("pk").values_list("pk", flat=True)


@compiled.rows
def _sequences(actor: Actor, patient_id: UUID, inclusion_id: UUID) -> QuerySet[BillableSequence]:
    rows = access.list(actor, INCLUSION_READ, BillableSequence, patient_id=patient_id)
    return (
        rows.filter(inclusion_id=inclusion_id)
        .select_related("batch")
        .order_by("completed_on", "key", "round")
    )


@compiled.rows
def changes_of(actor: Actor, patient_id: UUID, inclusion_id: UUID) -> QuerySet[PathwayChange]:
    """What was done in it, the latest first."""
    rows = access.list(actor, INCLUSION_READ, PathwayChange, patient_id=patient_id)
    return (
        rows.filter(inclusion_id=inclusion_id).select_related("step").order_by("-at", "-pk")[:CHANGES_SHOWN]
    )


def rights_on(actor: Actor, step: PlannedStep) -> tuple[bool, bool]:
    """Whether the reader may make it go on, and give it to somebody."""
    may = access.permitted(actor, step, STEP_WORK, STEP_ASSIGN)
    return STEP_WORK in may, STEP_ASSIGN in may


def step_line(actor: Actor, step: PlannedStep) -> StepLine:
    return _lines(actor, [step])[0]


def programmes_offered(actor: Actor, running: Sequence[Pathway]) -> list[ProgrammeVersion]:
    """In force and open, in which this actor's profession includes; those the person is in left out."""
    already = {one.inclusion.programme_id for one in running if one.is_active}
    group = matrix.group_of(actor.role)
    return [
        version
        for version in _in_force(actor, PROGRAMMES_OFFERED)
        if version.programme_id not in already
        and group in version.read().included_by
        and writes_class(actor, DataClass(version.programme.data_class))
    ]


def _in_force(actor: Actor, most: int) -> QuerySet[ProgrammeVersion]:
    rows = access.list(actor, PROGRAMME_READ, ProgrammeVersion)
    open_ones = rows.filter(status=VersionStatus.PUBLISHED, programme__is_open=True)
    return open_ones.select_related("programme__organization").order_by("programme__title", "pk")[:most]


def version_in_force(actor: Actor, programme_id: UUID) -> ProgrammeVersion | None:
    rows = access.list(actor, PROGRAMME_READ, ProgrammeVersion)
    one = rows.filter(programme_id=programme_id, status=VersionStatus.PUBLISHED, programme__is_open=True)
    return one.select_related("programme__organization").first()


@dataclass(frozen=True, slots=True)
class LateSteps:
    """`lines`: the reader's own first, then the oldest; `more`: whether others are not shown."""

    lines: list[StepLine]
    more: bool


def late_steps(actor: Actor, patient_ids: Sequence[UUID], *, today: date, most: int) -> LateSteps:
    """Of these patients, as far as the actor reads them, in one question behind `steps_waiting`."""
    if not patient_ids:
        return LateSteps([], more=False)
    found = _late(actor, list(patient_ids), today, most + 1)
    lines = [StepLine(one, is_late=True, is_mine=is_for(actor, one)) for one in found[:most]]
    return LateSteps(lines, more=len(found) > most)


@compiled.rows
def _late(actor: Actor, patient_ids: list[UUID], today: date, most: int) -> QuerySet[PlannedStep]:
    return (
        access.list(actor, INCLUSION_READ, PlannedStep)
        .filter(among("patient_id", patient_ids), state=StepState.PLANNED, due_on__lt=today)
        .select_related("responsible", "inclusion__programme", "patient")
        .order_by(Case(When(is_theirs(actor), then=0), default=1), "due_on", "position", "pk")[:most]
    )


def may_be_given(actor: Actor, step: PlannedStep) -> list[Practitioner]:
    """Those of the circle of whom every reader of this step may know: its page names who it is given to."""
    members = circle_of(actor, step.patient_id)
    return [one.practitioner for one in members if one.practitioner and one.sector in ("", step.sector)]
