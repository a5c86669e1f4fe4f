"""Programmes as resources of FHIR R4: an EpisodeOfCare for the inclusion, a CarePlan for its steps; of the plan of a
document, the latter alone."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid5

from terresante.care_plans.enums import InclusionState, LeaveReason, StepState
from terresante.care_plans.models import Inclusion, PlannedStep, Programme
from terresante.overview.fhir import Resource, filled, instant, security_label, structure, subject_of, urn

_DETAIL = {
    StepState.PLANNED.value: "scheduled",
    StepState.DONE.value: "completed",
    StepState.NOT_NEEDED.value: "cancelled",
    StepState.CANCELLED.value: "stopped",
}


def resources(inclusion: Inclusion, steps: Sequence[PlannedStep]) -> Iterator[Resource]:
    """The plan of a document is in no programme: no episode holds it."""
    if inclusion.programme is not None:
        yield _episode(inclusion, inclusion.programme)
    yield _plan(inclusion, steps)


def _episode(inclusion: Inclusion, programme: Programme) -> Resource:
    left = inclusion.state == InclusionState.LEFT
    mistaken = inclusion.left_because == LeaveReason.MISTAKE
    return filled(
        resourceType="EpisodeOfCare",
        id=str(_episode_key(inclusion)),
        meta=filled(security=_security(inclusion)),
        status="entered-in-error" if mistaken else "finished" if left else "active",
        type=[{"text": programme.title}],
        patient=subject_of(inclusion.patient_id),
        managingOrganization=structure(programme.organization),
        period=_dates(inclusion),
    )


def _plan(inclusion: Inclusion, steps: Sequence[PlannedStep]) -> Resource:
    """A step that is not read is not in it: the steps come as their own rule gives them."""
    if inclusion.left_because == LeaveReason.MISTAKE:
        status = "entered-in-error"
    elif inclusion.state == InclusionState.ACTIVE:
        status = "active"
    else:
        status = "completed" if inclusion.left_because == LeaveReason.COMPLETED else "revoked"
    return filled(
        resourceType="CarePlan",
        id=str(inclusion.pk),
        meta=filled(security=_security(inclusion)),
        status=status,
        intent="plan",
        title=inclusion.title,
        subject=subject_of(inclusion.patient_id),
        period=_dates(inclusion),
        author={"display": f"{inclusion.author_name}, {inclusion.organization_name}"},
        supportingInfo=[_held_by(inclusion)],
        activity=[{"detail": _detail(step)} for step in steps],
    )


def _held_by(inclusion: Inclusion) -> Resource:
    """Its programme's episode, or the document that says it."""
    if inclusion.source_id is None:
        return {"reference": urn(_episode_key(inclusion)), "type": "EpisodeOfCare"}
    return {"reference": urn(inclusion.source_id), "type": "DocumentReference"}


def _episode_key(inclusion: Inclusion) -> UUID:
    """Of the same inclusion, the same in each copy."""
    return uuid5(inclusion.pk, "episode")


def _detail(step: PlannedStep) -> Resource:
    day = step.done_on or step.due_on
    who = step.done_by_name or (step.responsible.full_name if step.responsible else step.get_role_display())
    return filled(
        status=_DETAIL[step.state],
        statusReason={"text": step.reason} if step.reason else {},
        scheduledPeriod={"start": instant(day), "end": instant(day)},
        performer=[{"display": str(who)}],
        description=step.title,
    )


def _dates(inclusion: Inclusion) -> Resource:
    return filled(
        start=instant(inclusion.included_on), end=instant(inclusion.left_on) if inclusion.left_on else ""
    )


def _security(inclusion: Inclusion) -> list[Resource]:
    return [coding for label in security_label(inclusion) for coding in label["coding"]]
