"""What is told beside the schedule, by who answers at home: a value more, a state that gets worse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from terresante.accounts.tries import refuse_beyond
from terresante.care_team.access import is_carer
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import new_id
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring.answering import asking
from terresante.telemonitoring.enums import ExpectedState
from terresante.telemonitoring.models import Expected, FollowUp
from terresante.telemonitoring.schedule import FILLED_AT_HOME

# A questionnaire that was asked since then is the one of this stage: some come once a week.
_LATELY = timedelta(days=8)
_MOST, _WINDOW = 20, timedelta(days=1)  # of one follow-up
_STEP = "spontanément"
_TOO_OFTEN = (
    "Vous avez déjà donné vingt fois de vos nouvelles aujourd’hui. "
    "Si vous allez moins bien, appelez l’équipe qui vous suit, ou le 15."
)


@dataclass(frozen=True, slots=True)
class Unasked:
    """A questionnaire that may be filled now, though nothing asks for it."""

    follow_up: FollowUp
    form: str
    title: str


def offered(
    actor: Actor, patient_id: UUID, due: Sequence[asking.Due], *, follow_up_id: UUID | None = None
) -> list[Unasked]:
    """Of each running follow-up, the repeated questionnaires asked lately, except those that wait among `due`.

    A carer answers what is asked of him, no more.
    """
    if is_carer(actor):
        return []
    now = timezone.now()
    rows = asking.expected_at_home(actor, patient_id, follow_up_id).filter(
        opens_at__lte=now, opens_at__gt=now - _LATELY
    )
    waiting = {(one.follow_up.pk, one.expected.form) for one in due if not one.is_answered}
    found: dict[tuple[UUID, str], Unasked] = {}
    for row in rows.exclude(state=ExpectedState.CANCELLED):
        pathway = questionnaires.pathway_of(row.follow_up.version_id)
        if (row.follow_up_id, row.form) not in waiting and _comes_again(pathway, row.form):
            title = pathway.forms[row.form].title
            found[row.follow_up_id, row.form] = Unasked(row.follow_up, row.form, title)
    return list(found.values())


def _comes_again(pathway: engine.Pathway, form: str) -> bool:
    steps: Sequence[engine.Step] = [
        step for step in pathway.schedule if step.questionnaire == form and step.role in FILLED_AT_HOME
    ]
    return form in pathway.forms and (len(steps) > 1 or any(step.start != step.end for step in steps))


def opened_now(
    patient_id: UUID, follow_up_id: UUID, form: str, *, name: str, user_id: UUID | None = None
) -> UUID:
    """Expected from now on, as if the schedule had asked for it; no colour comes of its silence.

    Raises NotFound for what is not offered, Conflict beyond twenty a day.
    """
    job = replace(asking.job_for(name), user_id=user_id)
    with rls.acting(job):
        asking.opened(patient_id)
        due = asking.due_now(job, patient_id, follow_up_id=follow_up_id)
        if all(one.form != form for one in offered(job, patient_id, due, follow_up_id=follow_up_id)):
            raise NotFound
        try:
            refuse_beyond(_MOST, f"unasked answers of {follow_up_id}", window=_WINDOW)
        except Invalid as error:
            raise Conflict(_TOO_OFTEN) from error
        row = Expected(
            id=new_id(),
            patient_id=patient_id,
            follow_up_id=follow_up_id,
            step=_STEP,
            form=form,
            role=FILLED_AT_HOME[0],
            opens_at=timezone.now(),
        )
        row.save(force_insert=True)
    return row.pk
