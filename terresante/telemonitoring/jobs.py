"""Reminders, silences, ends. Each round is one transaction: killed at any instant, it was done whole, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.kernel.jobs import loop, scheduled
from terresante.kernel.outbound import queue_each_sms
from terresante.kernel.ports import sms_is_bound
from terresante.kernel.together import written_together
from terresante.questionnaires.enums import ResponseColour
from terresante.telemonitoring.access import FOLLOW_UP_COLOUR, FOLLOW_UP_REMIND
from terresante.telemonitoring.alerts import raising
from terresante.telemonitoring.answering.links import address_of, reminder_token
from terresante.telemonitoring.course.actions import end_what_is_over, resume_what_is_due
from terresante.telemonitoring.events import AnswerDue, AnswerStillDue, FollowUpChanged
from terresante.telemonitoring.models import Expected
from terresante.telemonitoring.schedule import FILLED_AT_HOME

# Of one transaction: of 150,000 deadlines at noon, a half second of work.
_AT_ONCE = 5000
# The same words for everybody, whatever is asked: a telephone lies on a table.
SMS = "Terr-eSanté : des questions vous attendent : {url} Votre code reste le même."
SMS_WITHOUT_LINK = (
    "Terr-eSanté : des questions vous attendent. Pour un nouveau lien, appelez l’équipe qui vous suit."
)
# As both functions give them last.
_LIMITS = (
    "data_class",
    "private_to_id",
    "private_to_person_id",
    "hidden_from_patient",
    "hidden_from_representative",
    "sector",
    "restricted_to_id",
)
_ALARMING = (ResponseColour.ORANGE, ResponseColour.RED)


@dataclass(frozen=True, slots=True)
class _Due:
    expected_id: UUID
    follow_up_id: UUID
    patient_id: UUID
    reminded: int
    phone: str
    role: str
    # The link of its follow-up that is open now.
    link_id: UUID | None
    # Of its follow-up, as `_LIMITS` names them.
    limits: Mapping[str, Any]

    @property
    def sms(self) -> str:
        return SMS.format(url=address_of(reminder_token(self.link_id))) if self.link_id else SMS_WITHOUT_LINK


@loop(idle=1)
def remind() -> int:
    """Tells of what opens, and asks again at the hours set.

    Silences are coloured first: opening a questionnaire makes the one before it missed, whose last colour would never
    come.
    """
    now = timezone.now()
    while colour_due(now):
        pass
    return remind_due(now)


@loop(idle=1)
def colour() -> int:
    """What is not answered in time."""
    return colour_due(timezone.now())


@loop(idle=1)
def watch_alerts() -> int:
    """What nobody took, and what nobody measured again."""
    now = timezone.now()
    with rls.acting(Actor.job("telemonitoring")), written_together():
        return raising.stand_unconfirmed(now) + raising.climb(now)


@scheduled("23 4 * * *")
def end_follow_ups(actor: Actor) -> None:
    while end_what_is_over(actor, timezone.now()):
        pass


@scheduled("3 * * * *")
def resume_follow_ups(actor: Actor) -> None:
    """Each hour: the day begins at another one in UTC in summer, and before any questionnaire."""
    while resume_what_is_due(actor, timezone.localdate()):
        pass


def _due(row: Mapping[str, Any]) -> _Due:
    return _Due(
        expected_id=row["expected_id"],
        follow_up_id=row["follow_up_id"],
        patient_id=row["patient_id"],
        reminded=row["reminded"],
        phone=row["phone"],
        role=row["role"],
        link_id=row["link"],
        limits={name: row[name] for name in _LIMITS},
    )


def remind_due(now: datetime) -> int:
    """One round; returns how many were told, 0 when nothing is left."""
    actor = Actor.job("telemonitoring")
    with rls.acting(actor), written_together():
        due = [_due(row) for row in _named("SELECT * FROM remind_due_answers(%s, %s)", now, _AT_ONCE)]
        told = [one for one in due if one.role in FILLED_AT_HOME]
        leaves = sms_is_bound()
        for one in told:
            kind = AnswerDue if one.reminded == 1 else AnswerStillDue
            by_sms = leaves and bool(one.phone and one.link_id)
            emit(
                actor,
                kind(patient_id=one.patient_id, object_id=one.expected_id, by_sms=by_sms, **one.limits),
            )
        if leaves:
            queue_each_sms(
                {f"due:{one.expected_id}:{one.reminded}": (one.phone, one.sms) for one in told if one.phone}
            )
        if due:
            audit.record(actor, FOLLOW_UP_REMIND, detail={"count": len(told)})
    return len(due)


def colour_due(now: datetime) -> int:
    """One round: coloured, told, alerts raised, or nothing of it; returns how many were silent."""
    actor = Actor.job("telemonitoring")
    with rls.acting(actor), written_together():
        silent = _named("SELECT * FROM colour_silences(%s, %s)", now, _AT_ONCE)
        for row in silent:
            if row["is_changed"]:
                emit(actor, _changed(row))
        for alarm in _ALARMING:
            waiting = [_expected(row) for row in silent if row["silence"] == alarm]
            if waiting:
                raising.open_for_silences(waiting, alarm.value, now=now)
        if silent:
            audit.record(actor, FOLLOW_UP_COLOUR, detail={"count": len(silent)})
    return len(silent)


def _expected(row: Mapping[str, Any]) -> Expected:
    """Unsaved, with only the keys that an alert reads: reading a thousand again would cost a thousand times as much."""
    return Expected(id=row["expected_id"], follow_up_id=row["follow_up_id"], patient_id=row["patient_id"])


_OF_EVENT = ("patient_id", "cell_id", "colour", *_LIMITS)


def _changed(row: Mapping[str, Any]) -> FollowUpChanged:
    return FollowUpChanged(object_id=row["follow_up_id"], **{name: row[name] for name in _OF_EVENT})


def _named(statement: str, *values: datetime | int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
