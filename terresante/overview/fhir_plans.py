"""Programmes as resources of FHIR R4: an EpisodeOfCare for the inclusion, a CarePlan for its steps."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from terresante.care_plans.enums import InclusionState, LeaveReason, StepState
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.overview.fhir import Resource, filled, instant, security_label, structure, subject_of, urn

_DETAIL = {
    StepState.PLANNED.value: "scheduled",
    StepState.DONE.value: "completed",
    StepState.NOT_NEEDED.value: "cancelled",
    StepState.CANCELLED.value: "stopped",
}


def episode(inclusion: Inclusion) -> Resource:
    left = inclusion.state == InclusionState.LEFT
    mistaken = inclusion.left_because == LeaveReason.MISTAKE
    return filled(
        resourceType="EpisodeOfCare",
        id=str(episode_key(inclusion)),
        meta=filled(security=_security(inclusion)),
        status="entered-in-error" if mistaken else "finished" if left else "active",
        type=[{"text": inclusion.programme.title}],
        patient=subject_of(inclusion.patient_id),
        managingOrganization=structure(inclusion.programme.organization),
        period=_dates(inclusion),
    )


def plan(inclusion: Inclusion, steps: Sequence[PlannedStep]) -> Resource:
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
        title=inclusion.programme.title,
        subject=subject_of(inclusion.patient_id),
        period=_dates(inclusion),
        author={"display": f"{inclusion.author_name}, {inclusion.organization_name}"},
        supportingInfo=[{"reference": urn(episode_key(inclusion)), "type": "EpisodeOfCare"}],
        activity=[{"detail": _detail(step)} for step in steps],
    )


def episode_key(inclusion: Inclusion) -> UUID:
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
