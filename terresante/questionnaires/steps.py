"""A form filled one question a screen, by whatever door: what is asked now, what is kept, what follows.

No browser here: `step_views` shows it. What was answered so far is an answer in progress, so that another page, another
device or another hour goes on from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_team.queries.limits import Limits
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.questionnaires import actions, queries
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseSource, ResponseStatus
from terresante.questionnaires.filling import raw_answers
from terresante.questionnaires.models import QuestionnaireResponse

# Choices that fit as keys on a telephone: a scale of pain, not an age.
_LONGEST_SCALE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """A form put to somebody; made by the door he comes by, which has checked that it is his to answer.

    `baseline`, `personal` and `limits`: as `actions.NewResponse`. `respondent_name`: when the actor is a job.
    """

    actor: Actor
    patient_id: UUID
    record_id: UUID
    version_id: UUID
    form_name: str
    source: ResponseSource
    follow_up_id: UUID | None = None
    occurrence_id: UUID | None = None
    baseline: engine.Answers = field(default_factory=dict)
    personal: engine.Answers = field(default_factory=dict)
    respondent_name: str = ""
    limits: Limits | None = None

    @property
    def pathway(self) -> engine.Pathway:
        return queries.pathway_of(self.version_id)

    @property
    def form(self) -> engine.Form:
        return self.pathway.forms[self.form_name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the answers, as the respondent is told: whether he is there now, until when, how he is called."""

    is_open: bool = True
    hours: str = ""
    # While he is not there: when he is again, where that is known.
    opens: str = ""
    phone: str = ""
    phone_shown: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was answered so far. `only`: the values to measure again, when the rest was already sent."""

    id: UUID
    answers: dict[str, engine.AnswerValue]
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, with what is said before it (the `display` items that precede it)."""

    question: engine.Question
    notes: tuple[str, ...]

    @property
    def is_measured(self) -> bool:
        return self.question.is_number

    @property
    def scale(self) -> range | None:
        """Values few enough to be keys: one touch answers."""
        low, high = self.question.lowest, self.question.highest
        if self.question.kind != "integer" or self.question.unit or low is None or high is None:
            return None
        return range(int(low), int(high) + 1) if high - low <= _LONGEST_SCALE else None


def answered(filling: Filling) -> QuestionnaireResponse | None:
    """The last answer sent to this expected one."""
    if filling.occurrence_id is None:
        return None
    sent = queries.answers_of(
        filling.actor, filling.patient_id, filling.form_name, filling.follow_up_id
    ).filter(occurrence_id=filling.occurrence_id, status=ResponseStatus.COMPLETED)
    return sent.order_by("-received_at", "pk").first()


def confirmable_until(filling: Filling, sent: QuestionnaireResponse) -> datetime | None:
    """Until when an abnormal value may be measured again before it stands; None when there is nothing to confirm."""
    until = sent.received_at + timedelta(minutes=filling.pathway.delays.confirm)
    return until if sent.to_confirm and timezone.now() < until else None


def measured_again(sent: QuestionnaireResponse) -> tuple[str, ...]:
    """The questions whose value must be measured again."""
    return tuple(fired["item"] for fired in sent.fired if fired["remeasure"] and fired["colour"] == "red")


def draft_of(filling: Filling, *, new: UUID | None = None) -> Draft:
    """What this respondent began for this expected answer, else an empty one under the key `new`.

    When the last answer waits for a second measure, the draft is that answer without the values to measure.
    """
    sent = answered(filling)
    again = measured_again(sent) if sent is not None and confirmable_until(filling, sent) else ()
    begun = _begun(filling)
    if begun is not None:
        return Draft(begun.pk, dict(engine.from_json(filling.form, begun.answers)), again)
    known = dict(engine.from_json(filling.form, sent.answers)) if sent is not None and again else {}
    kept = {link_id: value for link_id, value in known.items() if link_id not in again}
    return Draft(new or new_id(), kept, again)


def _begun(filling: Filling) -> QuestionnaireResponse | None:
    rows = access.list(
        filling.actor, RESPONSE_WRITE, QuestionnaireResponse, patient_id=filling.patient_id
    ).filter(
        record_id=filling.record_id,
        version_id=filling.version_id,
        form=filling.form_name,
        follow_up_id=filling.follow_up_id,
        occurrence_id=filling.occurrence_id,
        source=filling.source,
    )
    return rows.order_by("-authored_at", "pk").first()


def asked_of(filling: Filling, draft: Draft) -> list[Asked]:
    """The questions that these answers lead to, in their order."""
    found: list[Asked] = []
    notes: list[str] = []
    for question in engine.shown(filling.form, draft.answers):
        if question.kind == "display":
            notes.append(question.text)
        elif not draft.only or question.link_id in draft.only:
            found.append(Asked(question, tuple(notes)))
            notes = []
        else:
            notes = []
    return found


def next_open(asked: Sequence[Asked], draft: Draft, *, after: str = "") -> str:
    """The next question that has no answer, '' when everything is said. What was passed over is not asked again."""
    names = [one.question.link_id for one in asked]
    last = max((index for index, name in enumerate(names) if name in draft.answers), default=-1)
    begin = names.index(after) + 1 if after in names else last + 1
    later = next((name for name in names[begin:] if name not in draft.answers), "")
    if later or after:
        return later
    return next((one.question.link_id for one in asked if _is_missing(one, draft)), "")


def _is_missing(one: Asked, draft: Draft) -> bool:
    return one.question.required and one.question.link_id not in draft.answers


def may_pass(one: Asked, draft: Draft) -> bool:
    return not one.question.required and not draft.only


def said_to(
    filling: Filling, draft: Draft, one: Asked, typed: Sequence[str]
) -> tuple[Draft, engine.Problem | None]:
    """The draft with this answer, or why it is none."""
    link_id = one.question.link_id
    others = {name: value for name, value in draft.answers.items() if name != link_id}
    parsed, problems = engine.parse(filling.form, {**raw_answers(others), link_id: list(typed)})
    wrong = next((problem for problem in problems if problem.link_id == link_id), None)
    if wrong is not None:
        return draft, wrong
    kept = {**others, link_id: parsed[link_id]} if link_id in parsed else others
    return replace(draft, answers=kept), None


def passed_over(draft: Draft, link_id: str) -> Draft:
    return replace(draft, answers={name: value for name, value in draft.answers.items() if name != link_id})


def keep(filling: Filling, draft: Draft) -> None:
    """Raises as `actions.save_progress`."""
    actions.save_progress(filling.actor, new_response(filling, draft))


def send(filling: Filling, draft: Draft) -> QuestionnaireResponse:
    """Raises as `actions.answer`. What a later answer made senseless is left out."""
    asked = {question.link_id for question in engine.shown(filling.form, draft.answers)}
    kept = {name: value for name, value in draft.answers.items() if name in asked}
    return actions.answer(filling.actor, new_response(filling, replace(draft, answers=kept)))


def new_response(
    filling: Filling, draft: Draft, *, authored_at: datetime | None = None
) -> actions.NewResponse:
    return actions.NewResponse(
        id=draft.id,
        record_id=filling.record_id,
        version_id=filling.version_id,
        form=filling.form_name,
        answers=draft.answers,
        source=filling.source,
        authored_at=authored_at,
        follow_up_id=filling.follow_up_id,
        occurrence_id=filling.occurrence_id,
        baseline=filling.baseline,
        personal=filling.personal,
        respondent_name=filling.respondent_name,
        limits=filling.limits,
    )
