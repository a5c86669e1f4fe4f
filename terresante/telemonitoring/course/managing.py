"""How each action on a course begins and ends."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import limits_on
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord
from terresante.questionnaires.enums import ResponseColour
from terresante.telemonitoring.access import FOLLOW_UP_MANAGE
from terresante.telemonitoring.actions import changed, expected_of
from terresante.telemonitoring.enums import ExpectedState
from terresante.telemonitoring.models import Expected, FollowUp

# What a board shows of a follow-up.
SHOWN = ("silence_colour", "late", "colour", "colour_since", "reason")


def managed(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, what: Action = FOLLOW_UP_MANAGE
) -> tuple[CareRecord, FollowUp]:
    """Raises Conflict for one that is over."""
    record = open_record(actor, record_id, action=FOLLOW_UP_MANAGE).record
    follow_up = access.get(actor, what, FollowUp, follow_up_id, lock=True)
    if follow_up.record_id != record.pk:
        raise NotFound
    if follow_up.is_ended:
        raise Conflict(
            "Ce télésuivi est terminé : pour suivre de nouveau la personne, commencez-en un autre."
        )
    return record, follow_up


def waiting(follow_up: FollowUp) -> QuerySet[Expected]:
    return expected_of(follow_up).filter(state=ExpectedState.WAITING)


def cancel(follow_up: FollowUp, *, steps: Collection[str] | None = None) -> None:
    rows = waiting(follow_up)
    if steps is not None:
        rows = rows.filter(step__in=steps)
    rows.update(state=ExpectedState.CANCELLED, next_reminder_at=None, next_colour_at=None)


def show_answers_alone(follow_up: FollowUp) -> None:
    """Of what was silence, nothing is left. Not saved: `SHOWN`."""
    follow_up.silence_colour, follow_up.late = "", False
    colour = follow_up.answer_colour or ResponseColour.GREY.value
    if follow_up.reason.get("kind") == "silence":
        follow_up.reason = {}
    if follow_up.colour != colour:
        follow_up.colour, follow_up.colour_since = colour, timezone.now()


def say_changed(actor: Actor, follow_up: FollowUp, what: str, **more: Any) -> None:
    kept = {"step": what, **more, **limits_on(follow_up).in_trail}
    audit.record(actor, FOLLOW_UP_MANAGE, patient_id=follow_up.patient_id, about=follow_up, detail=kept)
    emit(actor, changed(follow_up))
