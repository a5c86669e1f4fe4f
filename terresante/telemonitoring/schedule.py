"""From what a pathway expects to the rows that say it, and what becomes of them when its date moves. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from terresante.kernel.ids import new_id
from terresante.questionnaires.pathway import Occurrence
from terresante.telemonitoring.models import Expected

PARIS = ZoneInfo("Europe/Paris")
# By the person, or by who answers for her (the parent of a child): both by the link, the account, the SMS.
FILLED_AT_HOME = ("patient", "carer")


@dataclass(frozen=True, slots=True)
class Done:
    """What was answered already: of a step that comes once it is over, of another one its moment is."""

    step: str
    opens_at: datetime


def rows(
    occurrences: Iterable[Occurrence], *, patient_id: UUID, follow_up_id: UUID, now: datetime
) -> list[Expected]:
    """A questionnaire that opened before the follow-up began keeps only its hours to come: nobody was silent then."""
    return [_row(one, patient_id, follow_up_id, now) for one in occurrences]


def still_to_come(
    occurrences: Collection[Occurrence], done: Collection[Done], *, now: datetime
) -> list[Occurrence]:
    """What the new schedule still expects: not answered yet, and not of a past day."""
    times: dict[str, int] = {}
    for one in occurrences:
        times[one.step] = times.get(one.step, 0) + 1
    over = {each.step for each in done if times.get(each.step) == 1}
    answered = {(each.step, each.opens_at) for each in done}
    return [
        one
        for one in occurrences
        if one.step not in over
        and (one.step, one.opens_at) not in answered
        and _day(one.opens_at) >= _day(now)
    ]


def last_moment(expected: Iterable[Expected]) -> datetime | None:
    """The last one that the schedule speaks of."""
    return max((moment for one in expected for moment in _moments(one)), default=None)


def _row(one: Occurrence, patient_id: UUID, follow_up_id: UUID, now: datetime) -> Expected:
    return Expected(
        id=new_id(),
        patient_id=patient_id,
        follow_up_id=follow_up_id,
        step=one.step,
        form=one.form,
        role=one.role,
        opens_at=one.opens_at,
        remind_at=one.remind_at,
        grey_at=one.grey_at,
        orange_at=one.orange_at,
        red_at=one.red_at,
        # What a professional fills opens too, so that it is missed in its turn; no message asks him.
        next_reminder_at=_first([one.opens_at, one.remind_at], now),
        next_colour_at=_first([one.grey_at, one.orange_at, one.red_at], now),
    )


def _first(moments: Iterable[datetime | None], now: datetime) -> datetime | None:
    return min((at for at in moments if at is not None and at > now), default=None)


def _moments(one: Expected) -> list[datetime]:
    return [at for at in (one.opens_at, one.grey_at, one.orange_at, one.red_at) if at is not None]


def _day(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()
