"""The page of one alert: why this colour, what was answered, who called, how it ended before."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.queries import answers_of, pathway_of
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.alerts.access import ALERT_READ
from terresante.telemonitoring.board.words import fired_words
from terresante.telemonitoring.enums import ExpectedState
from terresante.telemonitoring.models import Alert, Call, Expected, FollowUp

_MOST_ANSWERS = 5
_MOST_ALERTS = 10
_MOST_CALLS = 20


@dataclass(frozen=True, slots=True)
class FiredLine:
    """One rule that fired: what it reads, the value, its threshold, in which version."""

    label: str
    value: str
    threshold: str
    colour: str
    rule: str


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    answer: QuestionnaireResponse
    title: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    alert: Alert | None
    fired: tuple[FiredLine, ...]
    first_fired: tuple[FiredLine, ...]
    answers: tuple[AnsweredLine, ...]
    calls: list[Call]
    before: list[Alert]
    # What an operator may fill with the person on the telephone.
    to_fill: Expected | None
    respondent_phone: str
    pathway: str
    number: int


def story_of(actor: Actor, follow_up: FollowUp) -> Story:
    """`follow_up` with its version; a professional's, whose record is open."""
    alerts = _alerts(actor, follow_up.pk)
    now = next((one for one in alerts if one.is_open), None)
    reason = follow_up.reason if follow_up.reason.get("kind") == "answer" else {}
    fired = _fired(now.fired if now and now.fired else reason.get("fired", ()))
    first = _fired(now.first_fired) if now else ()
    answers = answers_of(actor, follow_up.patient_id, follow_up_id=follow_up.pk)[:_MOST_ANSWERS]
    forms = pathway_of(follow_up.version_id).forms
    fills = writes_class(actor, DataClass(follow_up.data_class))
    waiting = _waiting(actor, follow_up.pk) if fills else []
    return Story(
        alert=now,
        fired=fired,
        first_fired=first if first != fired else (),
        answers=tuple(
            _answered(one, forms[one.form].title if one.form in forms else one.form) for one in answers
        ),
        calls=_calls(actor, follow_up.pk)[:_MOST_CALLS],
        before=[one for one in alerts if not one.is_open],
        to_fill=next(iter(waiting), None),
        respondent_phone=wording.phone(follow_up.phone_of_respondent),
        pathway=pathway_of(follow_up.version_id).title,
        number=follow_up.version.number,
    )


def _answered(answer: QuestionnaireResponse, title: str) -> AnsweredLine:
    said = ", ".join(fired_words(one) for one in answer.fired if one.get("colour") in ("orange", "red"))
    return AnsweredLine(answer, title, said or "rien à signaler")


def _fired(rows: object) -> tuple[FiredLine, ...]:
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list | tuple) else []
    names = ("label", "value", "threshold", "colour", "rule")
    return tuple(FiredLine(*(str(one.get(name, "")) for name in names)) for one in found)


@compiled.rows
def _alerts(actor: Actor, follow_up_id: UUID) -> QuerySet[Alert]:
    rows = access.list(actor, ALERT_READ, Alert).filter(follow_up_id=follow_up_id)
    return rows.order_by("-opened_at", "pk")[: _MOST_ALERTS + 1]


@compiled.rows
def _calls(actor: Actor, follow_up_id: UUID) -> QuerySet[Call]:
    rows = access.list(actor, ALERT_READ, Call).filter(follow_up_id=follow_up_id)
    return rows.order_by("-at", "pk")


@compiled.rows
def _waiting(actor: Actor, follow_up_id: UUID) -> QuerySet[Expected]:
    rows = access.list(actor, FOLLOW_UP_READ, Expected).filter(
        follow_up_id=follow_up_id, state=ExpectedState.WAITING, opens_at__lte=Now()
    )
    return rows.order_by("-opens_at")[:1]
