from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.kernel.together import written_together
from terresante.notifications.actions import tell_patients
from terresante.notifications.enums import Notice
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.events import AnswerDue, AnswerStillDue, FollowUpMoved


@on(QuestionnaireAnswered)
def show_answers(events: Sequence[QuestionnaireAnswered]) -> None:
    with written_together():
        colouring.update_from(events)


@on(AnswerDue)
def tell_what_is_due(events: Sequence[AnswerDue]) -> None:
    _tell(events)


@on(AnswerStillDue)
def tell_what_is_still_due(events: Sequence[AnswerStillDue]) -> None:
    _tell(events)


@on(FollowUpMoved)
def tell_of_new_dates(events: Sequence[FollowUpMoved]) -> None:
    tell_patients(Notice.QUESTIONNAIRE, events)


def _tell(events: Sequence[AnswerDue | AnswerStillDue]) -> None:
    """Once: who gets the link by SMS is not told by his account too. What she does not see asks nothing of her."""
    seen = [
        event
        for event in events
        if not (event.hidden_from_patient or event.private_to_id or event.private_to_person_id)
    ]
    tell_patients(Notice.QUESTIONNAIRE, [event for event in seen if not event.by_sms])
