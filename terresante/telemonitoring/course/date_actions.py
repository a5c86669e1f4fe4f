"""The dates of a follow-up move."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from terresante.care_team.actions.periods import change_period
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring import schedule
from terresante.telemonitoring.actions import check_anchor, end_of, expect, expected_of, told, why_there
from terresante.telemonitoring.answering import links
from terresante.telemonitoring.course.managing import (
    SHOWN,
    cancel,
    managed,
    say_changed,
    show_answers_alone,
    waiting,
)
from terresante.telemonitoring.enums import LINK_LASTS, ExpectedState
from terresante.telemonitoring.events import FollowUpMoved
from terresante.telemonitoring.models import Expected, FollowUp


@action
def move_anchor(actor: Actor, record_id: UUID, follow_up_id: UUID, *, anchor_on: date) -> FollowUp:
    """The date of reference is another: what is not answered is expected at its new dates, what was answered stays.

    Raises Invalid, Conflict when it is that date already, or the follow-up is over.
    """
    record, follow_up = managed(actor, record_id, follow_up_id)
    if anchor_on == follow_up.anchor_on:
        raise Conflict("C’est déjà la date de ce télésuivi.")
    check_anchor(anchor_on)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    follow_up.anchor_on = anchor_on
    planned = _planned(follow_up, pathway)
    cancel(follow_up)
    expected = expect(follow_up, schedule.still_to_come(planned, _done(follow_up), now=timezone.now()))
    show_answers_alone(follow_up)
    _keep(actor, record, follow_up, expected, "anchor_on", *SHOWN)
    return follow_up


@action
def set_later_anchor(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, name: str, anchor_on: date
) -> FollowUp:
    """A date that was not known at enrolment: what counts from it is expected, what stops there is no more.

    Raises NotFound for a date that the pathway does not have; Invalid and Conflict as `move_anchor`.
    """
    record, follow_up = managed(actor, record_id, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    if name not in pathway.later_anchors:
        raise NotFound
    if follow_up.later_anchors.get(name) == anchor_on.isoformat():
        raise Conflict("C’est déjà la date de ce télésuivi.")
    check_anchor(anchor_on)
    follow_up.later_anchors = {**follow_up.later_anchors, name: anchor_on.isoformat()}
    counted = {step.name for step in pathway.schedule if step.anchor == name}
    stopped = {step.name for step in pathway.schedule if step.until == name}
    cancel(follow_up, steps=counted | stopped)
    planned = [one for one in _planned(follow_up, pathway) if one.step in counted | stopped]
    expect(follow_up, schedule.still_to_come(planned, _done(follow_up), now=timezone.now()))
    _keep(actor, record, follow_up, list(waiting(follow_up)), "later_anchors")
    return follow_up


def _keep(
    actor: Actor, record: CareRecord, follow_up: FollowUp, expected: list[Expected], *fields: str
) -> None:
    follow_up.next_due_at = min((one.opens_at for one in expected), default=None)
    follow_up.save(update_fields=[*fields, "next_due_at"])
    _stay_until(actor, record, follow_up, end_of(expected, follow_up))
    say_changed(actor, follow_up, "moved")
    emit(actor, FollowUpMoved(**told(follow_up), by_user_id=actor.user_id))


def _planned(follow_up: FollowUp, pathway: engine.Pathway) -> list[engine.Occurrence]:
    later = {name: date.fromisoformat(on) for name, on in follow_up.later_anchors.items() if on}
    return engine.due(pathway, follow_up.anchor_on, timezone.localdate(follow_up.enrolled_at), later)


def _done(follow_up: FollowUp) -> list[schedule.Done]:
    answered = expected_of(follow_up).filter(state=ExpectedState.ANSWERED)
    return [schedule.Done(step, opens_at) for step, opens_at in answered.values_list("step", "opens_at")]


def _stay_until(actor: Actor, record: CareRecord, follow_up: FollowUp, until: datetime) -> None:
    """New dates may go beyond the period of the cell in the circle, and beyond the link."""
    shorter = links.open_of(follow_up).filter(expires_at__lt=until)
    shorter.update(expires_at=min(until, timezone.now() + LINK_LASTS))
    period = follow_up.membership
    if period is not None and period.ended_at is None and (period.expires_at or until) < until:
        change_period(actor, record.pk, period.pk, starts_at=None, ends_at=until, why=why_there(period))
