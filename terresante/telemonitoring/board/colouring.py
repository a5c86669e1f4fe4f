"""The columns that a board shows of a follow-up, written together in one statement.

They are made of what the database holds (answers, silences), never of what they were: the same event twice, or two in
the other order, end alike. What silence makes of them alone is in SQL (`colour_silences`), for all at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from terresante.kernel import rls, together
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.enums import ResponseColour, ResponseStatus
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.alerts import raising
from terresante.telemonitoring.enums import TREND_DAYS, ExpectedState
from terresante.telemonitoring.events import FollowUpChanged
from terresante.telemonitoring.models import Expected, FollowUp

# Answers to different forms within this time are one state of the person: the worst of them is hers.
_TOGETHER = timedelta(hours=24)
# What is expected may be answered this long before it opens: somebody who goes to bed early.
_EARLY = timedelta(hours=12)
_RANK = {
    ResponseColour.RED: 3,
    ResponseColour.ORANGE: 2,
    ResponseColour.GREY: 1,
    ResponseColour.GREEN: 0,
    "": -1,
}
_MOST_FIRED = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """What a follow-up shows, of its answers of the last days and of what it is silent about."""

    colour: str
    answer_colour: str
    silence_colour: str
    reason: dict[str, Any]
    to_confirm_until: datetime | None
    last_answer_at: datetime | None
    next_due_at: datetime | None
    trend: dict[str, Any]
    late: bool


def rank(colour: str) -> int:
    """Red first; as `colour_rank` in SQL and `Colour.rank` of the engine."""
    return _RANK[ResponseColour(colour) if colour else ""]


def standing(
    pathway: engine.Pathway,
    answers: Sequence[QuestionnaireResponse],
    waiting: Sequence[Expected],
    *,
    said_by: Mapping[str, Any],
    last_answer_at: datetime | None = None,
) -> Standing:
    """`answers`: those that stand, the latest first; `waiting`: what is expected and not answered, in order of time.

    `said_by`: the pathway and the version, as a reason names them. `last_answer_at`: of an older answer.
    """
    worst = _worst(answers)
    silent = max(waiting, key=lambda one: rank(one.silence), default=None)
    silence = silent.silence if silent is not None else ""
    answer_colour = worst.colour if worst is not None else ""
    first = waiting[0] if waiting else None
    said = Standing(
        colour=answer_colour or ResponseColour.GREY.value,
        answer_colour=answer_colour,
        silence_colour=silence,
        reason=_reason(worst, said_by) if worst is not None else {},
        to_confirm_until=_confirm_until(pathway, worst),
        last_answer_at=answers[0].authored_at if answers else last_answer_at,
        next_due_at=first.opens_at if first is not None else None,
        trend=trend(pathway, answers),
        late=bool(silence),
    )
    if silent is None or not silence or rank(silence) <= rank(answer_colour):
        return said
    why = {
        "kind": "silence",
        "expected": str(silent.pk),
        "form": silent.form,
        "opens_at": silent.opens_at.isoformat(),
        "colour": silence,
        **said_by,
    }
    return replace(said, colour=silence, reason=why)


def _worst(answers: Sequence[QuestionnaireResponse]) -> QuestionnaireResponse | None:
    """Of each form the latest answer counts; an older one of another form only within a day of it."""
    latest: dict[str, QuestionnaireResponse] = {}
    for one in answers:
        if one.authored_at >= answers[0].authored_at - _TOGETHER:
            latest.setdefault(one.form, one)
    return max(latest.values(), key=lambda one: (rank(one.colour), one.authored_at), default=None)


def _reason(response: QuestionnaireResponse, said_by: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "answer",
        "response": str(response.pk),
        "form": response.form,
        "at": response.authored_at.isoformat(),
        "colour": response.colour,
        "fired": response.fired[:_MOST_FIRED],
        **said_by,
    }


def _confirm_until(pathway: engine.Pathway, worst: QuestionnaireResponse | None) -> datetime | None:
    if worst is None or not worst.to_confirm:
        return None
    # By our clock: what was said offline may still be measured again once it has come.
    return worst.received_at + timedelta(minutes=pathway.delays.confirm)


def trend(pathway: engine.Pathway, answers: Sequence[QuestionnaireResponse]) -> dict[str, Any]:
    """One value, oldest first: what gives the last answer its colour, else the first that a rule looks at."""
    if not answers:
        return {}
    since = answers[0].authored_at - timedelta(days=TREND_DAYS)
    recent = [one for one in reversed(answers) if one.authored_at > since]
    fired = [one["rule"] for one in answers[0].fired if one["colour"] != ResponseColour.GREEN]
    for rule in sorted(
        pathway.rules, key=lambda one: fired.index(one.name) if one.name in fired else len(fired)
    ):
        points = [
            [one.authored_at.isoformat(), value]
            for one in recent
            if one.form == rule.questionnaire and _is_number(value := one.answers.get(rule.item))
        ]
        if points:
            asked = _question(pathway, rule)
            label, unit = (asked.name or rule.why, asked.unit) if asked is not None else (rule.why, "")
            return {"item": rule.item, "label": label, "unit": unit, "points": points}
    return {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _question(pathway: engine.Pathway, rule: engine.Rule) -> engine.Question | None:
    form = pathway.forms.get(rule.questionnaire)
    questions = form.questions if form is not None else ()
    return next((one for one in questions if one.link_id == rule.item), None)


def update_from(events: Sequence[QuestionnaireAnswered]) -> None:
    """What answers make of their follow-ups, for a handler: the board, what was expected, the alerts.

    Those of an ended follow-up are kept in the record and change nothing here.
    """
    told = [event for event in events if event.follow_up_id is not None and event.patient_id is not None]
    if not told:
        return
    rls.open_records({event.patient_id for event in told if event.patient_id is not None})
    followed = _held({event.follow_up_id for event in told if event.follow_up_id is not None})
    if not followed:
        return
    answers = _answers(followed.values())
    came = _came(told, followed, answers)
    expected = _expected(followed)
    together.update(_marked(expected, came))
    write(list(followed.values()), answers, expected)
    actor = Actor.job("telemonitoring")
    for follow_up in followed.values():
        emit(actor, changed(follow_up))
    raising.open_for_answers([(followed[response.follow_up_id], response) for response in came])


def _held(keys: Iterable[UUID]) -> dict[UUID | None, FollowUp]:
    """In the order of their keys, so that two batches wait for each other and never cross."""
    rows = FollowUp.objects.select_for_update(of=("self",)).filter(pk__in=list(keys)).order_by("pk")
    rows = rows.select_related("version__pathway").defer("version__files")
    return {row.pk: row for row in rows if not row.is_ended}


def _answers(follow_ups: Iterable[FollowUp]) -> dict[UUID | None, list[QuestionnaireResponse]]:
    """Of each, those that stand, the latest first, as far back as the board looks from the last one."""
    keys = [one.pk for one in follow_ups]
    later = QuestionnaireResponse.objects.filter(replaces=OuterRef("pk"), patient_id=OuterRef("patient_id"))
    rows = QuestionnaireResponse.objects.filter(
        ~Exists(later),
        follow_up_id__in=keys,
        status=ResponseStatus.COMPLETED,
        authored_at__gt=timezone.now() - timedelta(days=2 * TREND_DAYS),
    ).order_by("-authored_at", "-received_at", "pk")
    found: dict[UUID | None, list[QuestionnaireResponse]] = defaultdict(list)
    for row in rows:
        found[row.follow_up_id].append(row)
    return found


def _came(
    told: Sequence[QuestionnaireAnswered],
    followed: Mapping[UUID | None, FollowUp],
    answers: Mapping[UUID | None, Sequence[QuestionnaireResponse]],
) -> list[QuestionnaireResponse]:
    """The answers of the events that still stand; one that was corrected since is covered by the event of its
    correction.
    """
    standing_ones = {row.pk: row for key in followed for row in answers.get(key, ())}
    keys = dict.fromkeys(event.object_id for event in told)
    return [standing_ones[key] for key in keys if key in standing_ones]


def _expected(followed: Mapping[UUID | None, FollowUp]) -> dict[UUID | None, list[Expected]]:
    rows = Expected.objects.filter(follow_up_id__in=list(followed)).exclude(state=ExpectedState.CANCELLED)
    found: dict[UUID | None, list[Expected]] = defaultdict(list)
    for row in rows.order_by("opens_at", "pk"):
        found[row.follow_up_id].append(row)
    return found


def _marked(
    expected: Mapping[UUID | None, Sequence[Expected]], came: Sequence[QuestionnaireResponse]
) -> list[Expected]:
    """Marks what these answers answer, one after the other; returns the rows that changed."""
    marked: dict[UUID, Expected] = {}
    for response in came:
        one = _answered_by(expected.get(response.follow_up_id, ()), response)
        if one is None:
            continue
        one.state, one.response_id = ExpectedState.ANSWERED, response.pk
        one.answered_at = response.authored_at
        one.silence, one.next_reminder_at, one.next_colour_at = "", None, None
        marked[one.pk] = one
    return list(marked.values())


def _answered_by(expected: Sequence[Expected], response: QuestionnaireResponse) -> Expected | None:
    known = (response.pk, response.replaces_id)
    before = [one for one in expected if one.response_id in known and one.response_id is not None]
    if before:
        return before[0] if before[0].response_id != response.pk else None
    open_ones = [one for one in expected if one.state in (ExpectedState.WAITING, ExpectedState.MISSED)]
    if response.occurrence_id is not None:
        return next((one for one in open_ones if one.pk == response.occurrence_id), None)
    opened = [
        one
        for one in open_ones
        if one.form == response.form and one.opens_at <= response.authored_at + _EARLY
    ]
    return opened[-1] if opened and opened[-1].state == ExpectedState.WAITING else None


def write(
    follow_ups: Sequence[FollowUp],
    answers: Mapping[UUID | None, Sequence[QuestionnaireResponse]],
    expected: Mapping[UUID | None, Sequence[Expected]],
) -> None:
    """The columns of these follow-ups, in one statement; the rows given say them too."""
    now = timezone.now()
    for one in follow_ups:
        waiting = [each for each in expected.get(one.pk, ()) if each.state == ExpectedState.WAITING]
        _say(one, answers.get(one.pk, ()), waiting, now)
    rows = [
        {"id": one.pk, "colour_since": one.colour_since, **{name: getattr(one, name) for name in COLUMNS}}
        for one in follow_ups
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [orjson.dumps(rows).decode()])


def _say(
    one: FollowUp, answers: Sequence[QuestionnaireResponse], waiting: Sequence[Expected], now: datetime
) -> None:
    pathway = questionnaires.pathway_of(one.version_id)
    answers = [each for each in answers if each.form != pathway.enrolment_questionnaire]
    said_by = {"pathway": pathway.code, "version": one.version.number}
    said = standing(pathway, answers, waiting, said_by=said_by, last_answer_at=one.last_answer_at)
    if said.colour != one.colour:
        one.colour_since = now
    for name, value in asdict(said).items():
        setattr(one, name, value)


COLUMNS = (
    "colour",
    "answer_colour",
    "silence_colour",
    "reason",
    "to_confirm_until",
    "last_answer_at",
    "next_due_at",
    "trend",
    "late",
)
_WRITE = f"""
UPDATE telemonitoring_followup AS known SET colour_since = said.colour_since,
    {", ".join(f"{name} = said.{name}" for name in COLUMNS)}
FROM jsonb_populate_recordset(NULL::telemonitoring_followup, %s::jsonb) AS said WHERE known.id = said.id
"""  # noqa: S608 -- our own names


def changed(follow_up: FollowUp) -> FollowUpChanged:
    return FollowUpChanged(
        patient_id=follow_up.patient_id,
        object_id=follow_up.pk,
        cell_id=follow_up.cell_id,
        colour=str(follow_up.colour),
        **follow_up.limits(),
    )
