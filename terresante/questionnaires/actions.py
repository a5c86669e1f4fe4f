"""Answers. What is asked and what it means is the pathway's (`pathway/`, pure); who may answer is `access`'."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team.enums import DataClass
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import Limits, limits_on, limits_unasked, name_in_circle
from terresante.feed.actions import Fact, tell, withdraw
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit, rls, sql, together
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Channel
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ui.wording import clock
from terresante.patients.models import CareRecord
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries
from terresante.questionnaires.access import RESPONSE_AMEND, RESPONSE_READ, RESPONSE_WRITE, answers_class
from terresante.questionnaires.enums import ResponseColour, ResponseSource, ResponseStatus
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import QuestionnaireResponse

# A telephone without network keeps an answer this long; beyond, its clock is not believed.
OLDEST = timedelta(days=7)
_TAKEN = "Cette réponse ne peut pas être enregistrée : rechargez la page, puis recommencez."
_SENT = "Ce formulaire est déjà envoyé : pour le corriger, ouvrez-le depuis le dossier."
_YOU_ANSWERED = (
    "Vous avez déjà répondu à ce questionnaire à {} : cette réponse-là est gardée. "
    "Si vous allez moins bien, appelez l’équipe, ou le 15."
)
_ANSWERED = "Ce questionnaire a déjà sa réponse, donnée à {} : elle est gardée. Relisez-la dans le dossier."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResponse:
    """`id` is the client's; `authored_at` its clock's, None for now. `answers`: as `pathway.parse` gives them.

    `baseline` and `personal`: values at enrolment, and thresholds of this person. `respondent_name`: of who answers,
    when the actor is not that person (a link, a telephone call). `replaces`: the answer that this one corrects.
    `patient_id`: of a job, which reaches no record before it has opened the one of its person. `limits`: of what asked,
    a follow-up; None for those of who answers.
    """

    id: UUID
    record_id: UUID
    version_id: UUID
    form: str
    answers: engine.Answers
    source: ResponseSource
    authored_at: datetime | None = None
    follow_up_id: UUID | None = None
    occurrence_id: UUID | None = None
    baseline: engine.Answers = field(default_factory=dict)
    personal: engine.Answers = field(default_factory=dict)
    respondent_name: str = ""
    replaces: UUID | None = None
    patient_id: UUID | None = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a response answers to."""

    pathway_id: UUID
    pathway: engine.Pathway
    form: engine.Form

    @property
    def data_class(self) -> DataClass:
        return DataClass(self.pathway.data_class)


@action
def answer(actor: Actor, response: NewResponse) -> QuestionnaireResponse:
    """A form is sent: checked, weighed by the rules of its version, stored, told. The same one twice is stored once.

    Raises Invalid, with a sentence for each question that has one (`fields`: linkId → sentence), Refused for a class
    that the actor does not write, NotFound, Conflict for an id that already names anything else, and for what another
    device has answered already, were it in the same instant.
    """
    record = _record(actor, response)
    asked = _asked(actor, record, response)
    limits = _limits(actor, record, response)
    _check(asked.form, response.answers)
    row = _row(actor, record, asked, response, limits)
    _wait_for_others(row)
    said = _said_lately(actor, asked, row)
    _check_first(actor, asked, row, said)
    _weigh(asked, row, response, said)
    if not _store(actor, row):
        row = _already_sent(actor, row)
        _trace(actor, RESPONSE_WRITE, row, sent_again=True)
        return row
    with together.written_together():
        _tell(actor, row)
    return row


def _tell(actor: Actor, row: QuestionnaireResponse) -> None:
    tell_answered(actor, row)
    emit(actor, event_of(row))
    done = RESPONSE_AMEND if row.replaces_id else RESPONSE_WRITE
    _trace(actor, done, row, **{"class": row.data_class, "source": row.source, "form": row.form})


@action
def save_progress(actor: Actor, response: NewResponse) -> QuestionnaireResponse:
    """Keeps what was answered so far, to go on from another page or another device; nothing is weighed yet.

    Raises as `answer`, but for questions left open; Conflict once the form was sent.
    """
    record = _record(actor, response)
    asked = _asked(actor, record, response)
    row = _row(actor, record, asked, response, _limits(actor, record, response))
    row.status = ResponseStatus.IN_PROGRESS
    if not _store(actor, row):
        raise Conflict(_SENT)
    _trace(actor, RESPONSE_WRITE, row, begun=True)
    return row


@action
def stop(actor: Actor, record_id: UUID, response_id: UUID) -> QuestionnaireResponse:
    """Who began a form gives it up; it leaves every list."""
    record = open_record(actor, record_id, action=RESPONSE_WRITE).record
    row = access.get(actor, RESPONSE_WRITE, QuestionnaireResponse, response_id, lock=True)
    if row.record_id != record.pk:
        raise NotFound
    row.status = ResponseStatus.STOPPED
    row.save(update_fields=["status"])
    _trace(actor, RESPONSE_WRITE, row, stopped=True)
    return row


def tell_answered(actor: Actor, row: QuestionnaireResponse) -> None:
    """Enters the timeline. The person and a relative write in no feed: a handler does it for them (`handlers`)."""
    if actor.kind in (ActorKind.PROFESSIONAL, ActorKind.JOB) and is_told(row.follow_up_id, str(row.colour)):
        if row.replaces_id is not None:
            withdraw(row.patient_id, row.replaces_id)
        tell(actor, fact(row))


def is_told(follow_up_id: UUID | None, colour: str) -> bool:
    """A green daily answer is not: one a day would bury what matters."""
    return follow_up_id is None or colour in (ResponseColour.ORANGE, ResponseColour.RED)


def fact(row: QuestionnaireResponse) -> Fact:
    return Fact(kind=FeedKind.QUESTIONNAIRE, occurred_at=row.authored_at, **row.told())


def event_of(row: QuestionnaireResponse) -> QuestionnaireAnswered:
    return QuestionnaireAnswered(
        follow_up_id=row.follow_up_id,
        occurrence_id=row.occurrence_id,
        replaces_id=row.replaces_id,
        colour=str(row.colour),
        by_user_id=row.user_id,
        **row.told(),
    )


def _record(actor: Actor, response: NewResponse) -> CareRecord:
    if actor.kind != ActorKind.JOB or response.patient_id is None:
        return open_record(actor, response.record_id, action=RESPONSE_WRITE).record
    if not rls.open_record(response.patient_id):
        raise NotFound
    # Of nobody else than the person just opened: the row policies show a job no other record.
    return access.get(actor, RESPONSE_WRITE, CareRecord, response.record_id)


def _asked(actor: Actor, record: CareRecord, response: NewResponse) -> _Asked:
    version = queries.unchanging(response.version_id)
    form = version.pathway.forms.get(response.form)
    if form is None:
        raise NotFound
    asked = _Asked(version.pathway_id, version.pathway, form)
    if not answers_class(actor, asked.data_class):
        raise Refused(f"Vous ne pouvez pas remplir un formulaire « {asked.data_class.label} ».")
    if actor.kind == ActorKind.PROFESSIONAL and not covers(actor, record.patient_id, asked.data_class):
        raise Refused(
            f"La personne n’a pas consenti pour « {asked.data_class.label} » : demandez-lui d’abord."
        )
    return asked


def _trace(actor: Actor, done: Action, row: QuestionnaireResponse, **detail: Any) -> None:
    """Read by who reads what it is about, whoever answered."""
    kept = {**detail, **limits_on(row).in_trail}
    audit.record(actor, done, patient_id=row.patient_id, about=row, detail=kept)


def _limits(actor: Actor, record: CareRecord, response: NewResponse) -> Limits:
    """A correction goes no further than what it corrects."""
    if response.replaces is not None:
        return limits_on(_replaced(actor, record, response, response.replaces))
    return limits_unasked(actor, record) if response.limits is None else response.limits


def _replaced(actor: Actor, record: CareRecord, response: NewResponse, key: UUID) -> QuestionnaireResponse:
    """Sent again, its own correction already stands: the key tells, later."""
    old = access.get(actor, RESPONSE_READ, QuestionnaireResponse, key)
    if (old.record_id, old.form) != (record.pk, response.form):
        raise NotFound
    mine = QuestionnaireResponse.objects.filter(
        pk=response.id, replaces=old, patient_id=old.patient_id
    ).exists()
    if not mine and not access.permits(actor, RESPONSE_AMEND, old):
        raise Conflict(
            "Ce formulaire ne se corrige plus : il a déjà été remplacé, ou ne vous est pas ouvert."
        )
    return old


def _check(form: engine.Form, answers: engine.Answers) -> None:
    wrong = engine.problems(form, answers)
    if wrong:
        raise Invalid(
            "Des réponses sont à corriger.",
            fields={problem.link_id: problem.sentence for problem in wrong},
        )


def _row(
    actor: Actor, record: CareRecord, asked: _Asked, response: NewResponse, limits: Limits
) -> QuestionnaireResponse:
    now = timezone.now()
    authored, corrected = _believed(actor, response.authored_at, now)
    is_professional = actor.kind == ActorKind.PROFESSIONAL
    name = response.respondent_name or _respondent(actor, limits)
    is_named = not is_professional or name_in_circle(actor, limits.sector) == actor.name
    return QuestionnaireResponse(
        id=response.id,
        patient_id=record.patient_id,
        record=record,
        version_id=response.version_id,
        form=asked.form.name,
        follow_up_id=response.follow_up_id,
        occurrence_id=response.occurrence_id,
        status=ResponseStatus.COMPLETED,
        authored_at=authored,
        clock_corrected=corrected,
        received_at=authored if _loads_the_past(actor) else now,
        source=response.source,
        respondent_name=name,
        respondent_role=actor.role_label if is_named and not response.respondent_name else "",
        user_id=actor.user_id,
        author_id=actor.person_id if is_professional else None,
        organization_id=actor.organization_id if is_professional else None,
        organization_name=actor.organization_name if is_professional and is_named else "",
        data_class=asked.data_class,
        answers=engine.to_json(asked.form, response.answers),
        baseline=_plain(response.baseline),
        personal=_plain(response.personal),
        replaces_id=response.replaces,
        **asdict(limits),
    )


def _respondent(actor: Actor, limits: Limits) -> str:
    """A job acts for who answers by a link; a representative and a secretary answer themselves, for somebody."""
    if actor.kind == ActorKind.PROFESSIONAL:
        return name_in_circle(actor, limits.sector)
    return actor.on_behalf_of or actor.name if actor.kind == ActorKind.JOB else actor.name


def _loads_the_past(actor: Actor) -> bool:
    """A command that loads what happened before: its dates are believed."""
    return actor.channel == Channel.COMMAND


def _believed(actor: Actor, said: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """A clock that is ahead, or a week behind, is wrong: the answer is dated when it came, and says so."""
    if said is None:
        return now, False
    if said > now or (said < now - OLDEST and not _loads_the_past(actor)):
        return now, True
    return said, False


def _wait_for_others(row: QuestionnaireResponse) -> None:
    """Two devices that answer one questionnaire in the same instant come one after the other, to the end of each."""
    if row.occurrence_id is None:
        return
    sql.take_turn(str(row.occurrence_id))


def _said_lately(actor: Actor, asked: _Asked, row: QuestionnaireResponse) -> list[queries.Said]:
    return queries.said_lately(
        actor, row.patient_id, asked.pathway_id, until=row.authored_at, follow_up_id=row.follow_up_id
    )


def _check_first(
    actor: Actor, asked: _Asked, row: QuestionnaireResponse, said: Sequence[queries.Said]
) -> None:
    """What is expected is answered once: again for a value that waits to be measured again, or as a correction."""
    same = [one for one in said if one.occurrence_id == row.occurrence_id]
    if row.occurrence_id is None or row.replaces_id is not None or any(one.pk == row.pk for one in same):
        return
    last = max(same, key=lambda one: one.received_at, default=None)
    confirm = timedelta(minutes=asked.pathway.delays.confirm)
    if last is None or (last.to_confirm and row.received_at < last.received_at + confirm):
        return
    raise Conflict(
        (_ANSWERED if actor.kind == ActorKind.PROFESSIONAL else _YOU_ANSWERED).format(clock(last.authored_at))
    )


def _weigh(
    asked: _Asked, row: QuestionnaireResponse, response: NewResponse, lately: Sequence[queries.Said]
) -> None:
    said = engine.assess(
        asked.pathway,
        row.form,
        response.answers,
        at=row.authored_at,
        history=queries.history(lately, before=row.authored_at, without=(row.pk, row.replaces_id)),
        baseline=response.baseline,
        personal=response.personal,
    )
    kept = said.as_json()
    row.scores, row.fired = kept["scores"], kept["fired"]
    row.colour, row.to_confirm = ResponseColour(str(said.colour)), said.to_confirm


def _store(actor: Actor, row: QuestionnaireResponse) -> bool:
    """New, or what the actor had begun under the same key; False when the key is taken by anything else."""
    # Taken, by a row that the actor may see or not: the key holds beneath the row policies.
    if together.insert([row], or_ignore=True):
        return True
    begun = access.list(actor, RESPONSE_WRITE, QuestionnaireResponse, patient_id=row.patient_id)
    kept = (
        begun.select_for_update(of=("self",))
        .filter(pk=row.pk, version_id=row.version_id, form=row.form)
        .first()
    )
    if kept is None or _whose(kept) != _whose(row):
        return False
    row.save(force_update=True)
    return True


def _whose(row: QuestionnaireResponse) -> Sequence[Any]:
    return (
        row.record_id,
        row.user_id,
        row.author_id,
        row.follow_up_id,
        row.respondent_name if not row.user_id else "",
    )


def _already_sent(actor: Actor, row: QuestionnaireResponse) -> QuestionnaireResponse:
    """The same author, patient and content: what was stored. Anything else: one neutral conflict."""
    rows = access.list(actor, RESPONSE_READ, QuestionnaireResponse, patient_id=row.patient_id)
    known = rows.filter(pk=row.pk).first()
    if known is None or _content(known) != _content(row):
        raise Conflict(_TAKEN)
    return known


def _content(row: QuestionnaireResponse) -> Sequence[Any]:
    said = (row.version_id, row.form, row.occurrence_id, row.status, row.source, row.answers, row.replaces_id)
    return (*_whose(row), *said)


def _plain(answers: engine.Answers) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in answers.items()}


def _plain_value(value: engine.AnswerValue) -> Any:
    """As JSON has it; `queries.known` reads it back."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
