"""Who answers at home: what is expected of him now, by whichever door he comes, and who will read it.

The doors are a link and its code, an account, an operator on the telephone, a text message, a telephone that was
offline. Each has checked who comes; what may be answered, and when, is said here once for all.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from terresante.care_team.access import answers_for_the_person, classes_of_carer, is_carer
from terresante.care_team.queries.limits import limits_on
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.ui import wording
from terresante.kernel.ui.wording import clock, long_date
from terresante.patients.models import Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires import steps
from terresante.questionnaires.enums import ResponseSource, ResponseStatus
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.cells import hours
from terresante.telemonitoring.enums import ExpectedState, FollowUpState, Respondent
from terresante.telemonitoring.models import Cell, Expected, FollowUp
from terresante.telemonitoring.schedule import FILLED_AT_HOME

# What a telephone keeps to be answered without network.
KEPT_AHEAD = timedelta(days=7)
# A questionnaire stays open on a telephone without network until the next day at the same hour, at least.
_OPEN_FOR = timedelta(hours=24)
_SHOWN = timedelta(hours=18)
ENDED = (
    "Ce suivi est terminé : votre réponse n’est pas enregistrée. "
    "Si vous n’allez pas bien, appelez votre médecin, ou le 15 en cas d’urgence."
)
_OPEN = (ExpectedState.WAITING, ExpectedState.ANSWERED)
TOO_EARLY = "Ce questionnaire n’est pas encore ouvert : revenez à l’heure dite."


@dataclass(frozen=True, slots=True)
class Due:
    """One questionnaire of now, as the person who answers sees it."""

    expected: Expected
    follow_up: FollowUp
    title: str
    answered_at: datetime | None = None
    measures_again: bool = False
    # The account of who answered; None by a link, by SMS.
    answered_by: UUID | None = None

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    @property
    def moment(self) -> str:
        """« aujourd’hui depuis 7 h 00 », « depuis le 3 mars »."""
        opened = timezone.localtime(self.expected.opens_at)
        if timezone.localdate() == opened.date():
            return f"aujourd’hui depuis {clock(opened)}"
        return f"depuis le {long_date(opened)}"


def job_for(name: str) -> Actor:
    """Who acts for somebody without an account; the name goes into each row of the trail."""
    return replace(Actor.job("questionnaire link"), on_behalf_of=name)


@contextmanager
def answering_for(actor: Actor, patient_id: UUID) -> Iterator[Actor]:
    """Who reads and writes within: the actor; for a carer, a job signed with his account.

    He answers, and that gives him no reading of the record (DOMAIN.md 2.1): whether he was named is `answered_by`'s.
    """
    if not is_carer(actor):
        yield actor
        return
    job = replace(job_for(actor.name), user_id=actor.user_id)
    with rls.acting(job):
        opened(patient_id)
        yield job


def answered_by(carer: Actor, patient_id: UUID, *, whatever_its_state: bool = False) -> set[UUID]:
    """The follow-ups that he may answer, named by the person or by the cell, or of a class that he reads.

    Called within `answering_for`. One that stopped is answered by nobody: he is told that it did.
    """
    told = Q(hidden_from_patient=False, hidden_from_representative=False, sector="")
    told &= Q(private_to=None, private_to_person=None)
    if not whatever_its_state:
        told &= Q(state=FollowUpState.ACTIVE)
    named = Q(carer_id=carer.person_id) | Q(data_class__in=classes_of_carer(carer.delegated))
    named = Q() if answers_for_the_person(carer) else named
    rows = FollowUp.objects.filter(told, named, patient_id=patient_id)
    return set(rows.values_list("pk", flat=True))


def due_for(actor: Actor, patient_id: UUID) -> list[Due]:
    """`due_now` of whoever comes with his account; what somebody else answered is not a carer's to look at."""
    with answering_for(actor, patient_id) as who:
        due = due_now(who, patient_id)
        if not is_carer(actor):
            return due
        named = answered_by(actor, patient_id)
    return [
        one
        for one in due
        if one.follow_up.pk in named and (not one.is_answered or one.answered_by == actor.user_id)
    ]


def respondent_of(follow_up: FollowUp, patient: Patient) -> str:
    if follow_up.respondent == Respondent.CARER and follow_up.carer_name:
        return follow_up.carer_name
    return f"{patient.display_given_name} {patient.display_name}"


def due_now(actor: Actor, patient_id: UUID, *, follow_up_id: UUID | None = None) -> list[Due]:
    """What is open now, and what was answered today; the record is open. The first to be filled comes first."""
    now = timezone.now()
    rows = expected_at_home(actor, patient_id, follow_up_id).filter(
        opens_at__lte=now, opens_at__gt=now - timedelta(days=45)
    )
    answers = _answers_to(actor, patient_id, [one.pk for one in rows])
    due = [_due(one, answers.get(one.pk)) for one in rows if one.state in _OPEN]
    fresh = [one for one in due if one.answered_at is None or one.answered_at > now - _SHOWN]
    return sorted(fresh, key=lambda one: one.is_answered)


def coming(actor: Actor, patient_id: UUID, *, follow_up_id: UUID | None = None) -> list[Due]:
    """What is open now or will be in the days to come."""
    now = timezone.now()
    rows = expected_at_home(actor, patient_id, follow_up_id).filter(
        state=ExpectedState.WAITING, opens_at__lte=now + KEPT_AHEAD, opens_at__gt=now - timedelta(days=45)
    )
    return [_due(one, None) for one in rows]


def closes_at(expected: Expected) -> datetime:
    """Until when a telephone without network proposes it."""
    last = max(
        (moment for moment in (expected.grey_at, expected.orange_at, expected.red_at) if moment),
        default=expected.opens_at,
    )
    return max(last, expected.opens_at + _OPEN_FOR)


def expected_of(actor: Actor, expected_id: UUID, *, follow_up_id: UUID | None = None) -> Expected:
    """Raises NotFound: it is of nobody whom this actor may answer for, of another follow-up than his, or put to a
    professional: nobody answers in the place of the team.
    """
    found = access.get(
        actor,
        FOLLOW_UP_READ,
        Expected,
        expected_id,
        related=("follow_up__cell", "follow_up__record__patient"),
    )
    if follow_up_id is not None and found.follow_up_id != follow_up_id:
        raise NotFound
    if found.role not in FILLED_AT_HOME and actor.kind != ActorKind.PROFESSIONAL:
        raise NotFound
    return found


def filling_of(
    actor: Actor,
    expected: Expected,
    *,
    source: ResponseSource,
    respondent_name: str = "",
    at: datetime | None = None,
) -> steps.Filling:
    """Raises Conflict, with a sentence for whoever answers: the follow-up has ended, or it is too early."""
    follow_up = expected.follow_up
    if follow_up.is_ended or expected.state == ExpectedState.CANCELLED:
        raise Conflict(ENDED)
    if expected.opens_at > (at or timezone.now()):
        raise Conflict(TOO_EARLY)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    if expected.form not in pathway.forms:
        raise NotFound
    return steps.Filling(
        actor=actor,
        patient_id=expected.patient_id,
        record_id=follow_up.record_id,
        version_id=follow_up.version_id,
        form_name=expected.form,
        source=source,
        follow_up_id=follow_up.pk,
        occurrence_id=expected.pk,
        baseline=follow_up.baseline,
        personal=follow_up.personal,
        respondent_name=respondent_name,
        limits=limits_on(follow_up),
    )


def reader_of(cell: Cell, *, at: datetime | None = None) -> steps.Reader:
    """Whether somebody of the cell is there now, and how to reach her."""
    moment = at or timezone.now()
    return steps.Reader(
        is_open=hours.is_open(cell, moment),
        hours=hours.told(cell, moment),
        opens=hours.opens(cell, moment),
        phone=cell.phone,
        phone_shown=wording.phone(cell.phone),
    )


def said_before(follow_up: FollowUp) -> str:
    """What its pathway tells the person before she answers."""
    return questionnaires.pathway_of(follow_up.version_id).texts.get("before", "")


def title_of(expected: Expected) -> str:
    form = _form_of(expected)
    return form.title if form is not None else "Mon suivi"


def opened(patient_id: UUID) -> None:
    """For a job, before anything of a patient is read. Raises NotFound."""
    if not rls.open_record(patient_id):
        raise NotFound


def expected_at_home(actor: Actor, patient_id: UUID, follow_up_id: UUID | None) -> QuerySet[Expected]:
    """What running follow-ups expect from home, in order, whatever its state."""
    rows = access.list(actor, FOLLOW_UP_READ, Expected, patient_id=patient_id).filter(
        role__in=FILLED_AT_HOME, follow_up__state="active"
    )
    if follow_up_id is not None:
        rows = rows.filter(follow_up_id=follow_up_id)
    return rows.select_related("follow_up__cell").order_by("opens_at", "pk")


def _answers_to(
    actor: Actor, patient_id: UUID, expected: Collection[UUID]
) -> dict[UUID, QuestionnaireResponse]:
    """The last answer to each, read from the answers themselves: their events may not have been handled yet."""
    rows = questionnaires.answers_of(actor, patient_id).filter(
        occurrence_id__in=expected, status=ResponseStatus.COMPLETED
    )
    return {row.occurrence_id: row for row in reversed(rows[:100]) if row.occurrence_id is not None}


def _due(expected: Expected, answer: QuestionnaireResponse | None) -> Due:
    minutes = questionnaires.pathway_of(expected.follow_up.version_id).delays.confirm
    again = answer is not None and answer.to_confirm
    if answer is not None and timezone.now() > answer.received_at + timedelta(minutes=minutes):
        again = False
    if answer is None:
        return Due(expected, expected.follow_up, title_of(expected))
    title = title_of(expected)
    return Due(expected, expected.follow_up, title, answer.received_at, again, answer.user_id)


def _form_of(expected: Expected) -> engine.Form | None:
    return questionnaires.pathway_of(expected.follow_up.version_id).forms.get(expected.form)
