"""How a follow-up stands for who answers at home when there is nothing to fill: why, and what comes next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Min, Q
from django.utils import timezone

from terresante.care_team.access import is_carer
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.steps import Reader
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.answering import asking
from terresante.telemonitoring.enums import ExpectedState, FollowUpState
from terresante.telemonitoring.models import Expected, FollowUp
from terresante.telemonitoring.schedule import FILLED_AT_HOME

# How long the end of a follow-up is told on the page where it was answered.
_TOLD_ENDED = timedelta(days=30)


class State(StrEnum):
    PAUSED = "paused"
    NOT_BEGUN = "not-begun"
    BETWEEN = "between"
    # Runs, and nothing more is planned; or what comes waits for a date that is not known yet.
    NOTHING_MORE = "nothing-more"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Standing:
    """`since` and `until` of a pause, `next_at` of what opens, `waits_for`: dates without which nothing more comes."""

    follow_up: FollowUp
    title: str
    state: State
    reader: Reader
    since: date | None = None
    until: date | None = None
    next_at: datetime | None = None
    waits_for: tuple[str, ...] = ()


def standings_for(actor: Actor, patient_id: UUID, due: Sequence[asking.Due]) -> list[Standing]:
    """`standings` of whoever comes with his account; a carer is told of what he was named for."""
    with asking.answering_for(actor, patient_id) as who:
        named = asking.answered_by(actor, patient_id, whatever_its_state=True) if is_carer(actor) else None
        return standings(who, patient_id, due, among=named)


def standings(
    actor: Actor, patient_id: UUID, due: Sequence[asking.Due], *, among: Collection[UUID] | None
) -> list[Standing]:
    """Of each follow-up, or of those `among` them, that asks for nothing now, in the order in which they began; the
    record is open.
    """
    asks = {one.follow_up.pk for one in due if not one.is_answered or one.measures_again}
    lately = Q(state=FollowUpState.ENDED, ended_at__gt=timezone.now() - _TOLD_ENDED)
    rows = access.list(actor, FOLLOW_UP_READ, FollowUp, patient_id=patient_id)
    rows = rows.filter(lately | ~Q(state=FollowUpState.ENDED)).exclude(pk__in=asks)
    if among is not None:
        rows = rows.filter(pk__in=among)
    found = list(
        rows.select_related("cell", "version__pathway").defer("version__files").order_by("enrolled_at")
    )
    if not found:
        return []
    first = _first_of(actor, patient_id)
    return [_standing(one, *first.get(one.pk, (None, None))) for one in found]


def _first_of(actor: Actor, patient_id: UUID) -> dict[UUID, tuple[datetime | None, datetime | None]]:
    """Of each follow-up, when its first questionnaire at home opened or opens, and when the next one does."""
    coming = Q(state=ExpectedState.WAITING, opens_at__gt=timezone.now())
    rows = access.list(actor, FOLLOW_UP_READ, Expected, patient_id=patient_id).filter(role__in=FILLED_AT_HOME)
    said = rows.exclude(state=ExpectedState.CANCELLED).order_by().values("follow_up_id")
    found = said.annotate(first=Min("opens_at"), coming=Min("opens_at", filter=coming))
    return {row["follow_up_id"]: (row["first"], row["coming"]) for row in found}


def _standing(row: FollowUp, first_at: datetime | None, next_at: datetime | None) -> Standing:
    pathway = questionnaires.pathway_of(row.version_id)
    missing = tuple(label for name, label in pathway.later_anchors.items() if not row.later_anchors.get(name))
    return Standing(
        follow_up=row,
        title=row.version.pathway.title,
        state=_state(row, first_at, next_at),
        reader=asking.reader_of(row.cell),
        since=_day(row.suspended_at or row.ended_at),
        until=row.resumes_on,
        next_at=next_at,
        waits_for=missing,
    )


def _state(row: FollowUp, first_at: datetime | None, next_at: datetime | None) -> State:
    if row.is_ended:
        return State.ENDED
    if row.state == FollowUpState.SUSPENDED:
        return State.PAUSED
    if next_at is None:
        return State.NOTHING_MORE
    return State.NOT_BEGUN if first_at == next_at else State.BETWEEN


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else timezone.localdate(moment)
