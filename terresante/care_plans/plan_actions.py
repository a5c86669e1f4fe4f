"""What the circle takes from the plan of care of a received document: steps, under the plan that the document names."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.access import INCLUSION_READ, INCLUSION_WRITE
from terresante.care_plans.actions import changed, tell_joined, trace, written
from terresante.care_plans.enums import LONGEST_DELAY, STEP_ROLES, ChangeKind, InclusionState
from terresante.care_plans.events import PathwayChanged
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import Limits, kept_inside, limits_on
from terresante.kernel import access, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPlan:
    """The document that plans: its class and its limits are those of what is taken from it."""

    document_id: UUID
    title: str
    dated_on: date
    data_class: DataClass
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedStep:
    title: str
    role: RoleGroup
    due_on: date


@action
def plan_step(actor: Actor, record_id: UUID, *, of: ReceivedPlan, step: ReceivedStep) -> PlannedStep:
    """The first step that is taken from a document begins its plan.

    Raises Refused for who may not write that class here, Invalid for a day or a role, Conflict for a plan that is over.
    """
    record = open_record(actor, record_id, action=INCLUSION_WRITE).record
    access.get(actor, INCLUSION_WRITE, CareRecord, record_id, lock=True)
    if not writes_class(actor, of.data_class):
        raise Refused(f"Votre profession n’écrit pas « {of.data_class.label} ».")
    if not covers(actor, record.patient_id, of.data_class):
        raise Refused(f"La personne n’a pas consenti pour « {of.data_class.label} » : demandez-lui d’abord.")
    _check(of, step)
    plan = _plan(actor, record, of)
    number = PlannedStep.objects.filter(patient_id=plan.patient_id, inclusion_id=plan.pk).count() + 1
    row = PlannedStep(
        patient_id=plan.patient_id,
        record_id=plan.record_id,
        inclusion_id=plan.pk,
        key=f"d{number}",
        position=number,
        title=step.title,
        role=step.role,
        due_on=step.due_on,
        data_class=plan.data_class,
        **asdict(limits_on(plan)),
    )
    together.insert([row])
    changed(actor, plan, ChangeKind.ADDED, step=row, after_on=step.due_on)
    emit(actor, PathwayChanged(**plan.told()))
    trace(actor, INCLUSION_WRITE, plan, step=row.key, document=str(of.document_id))
    return row


def _check(of: ReceivedPlan, step: ReceivedStep) -> None:
    if step.role not in STEP_ROLES:
        raise Invalid("Choisissez qui s’en charge.", fields={"role": "Choisissez qui s’en charge."})
    if not of.dated_on <= step.due_on <= of.dated_on + timedelta(days=2 * LONGEST_DELAY):
        sentence = "L’échéance va du jour du document à dix ans plus tard."
        raise Invalid(sentence, fields={"due_on": sentence})


def _plan(actor: Actor, record: CareRecord, of: ReceivedPlan) -> Inclusion:
    """The plan of this document under its limits of today, begun when there is none: steps taken before the limits
    changed keep their own plan. The record is locked.
    """
    limits = asdict(kept_inside(of.limits, record))
    known = access.list(actor, INCLUSION_READ, Inclusion, patient_id=record.patient_id)
    plan = known.filter(source_id=of.document_id, **limits).order_by("-included_on", "pk").first()
    if plan is not None and plan.state == InclusionState.LEFT:
        raise Conflict("Le plan de ce document est clos : rien ne s’y ajoute plus.")
    if plan is None:
        plan = written(
            actor,
            record,
            source_id=of.document_id,
            plan_title=of.title,
            included_on=min(of.dated_on, timezone.localdate()),
            data_class=of.data_class,
            **limits,
        )
        tell_joined(actor, plan)
    return plan
