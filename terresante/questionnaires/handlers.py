from collections.abc import Sequence

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import on
from terresante.questionnaires.actions import is_told, tell_answered
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import QuestionnaireResponse


@on(QuestionnaireAnswered)
def tell_of_answers(events: Sequence[QuestionnaireAnswered]) -> None:
    """What the person or a link sent enters the timeline, which they do not write in; twice changes nothing."""
    for event in events:
        if (
            event.patient_id is None
            or event.object_id is None
            or not is_told(event.follow_up_id, event.colour)
        ):
            continue
        opened = rls.open_record(event.patient_id)
        row = QuestionnaireResponse.objects.filter(pk=event.object_id).first() if opened else None
        if row is not None:
            tell_answered(Actor.job("questionnaires"), row)
