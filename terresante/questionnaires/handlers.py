from collections.abc import Sequence

from terresante.feed.actions import tell_together
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import on
from terresante.questionnaires.actions import fact, is_told, tell_answered
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import QuestionnaireResponse


@on(QuestionnaireAnswered)
def tell_of_answers(events: Sequence[QuestionnaireAnswered]) -> None:
    """What the person or a link sent enters the timeline, which they do not write in; twice changes nothing."""
    told = [event for event in events if is_told(event.follow_up_id, event.colour)]
    patients = {event.patient_id for event in told if event.patient_id is not None}
    if not patients:
        return
    rls.open_records(patients)
    rows = QuestionnaireResponse.objects.filter(pk__in=[event.object_id for event in told])
    job = Actor.job("questionnaires")
    tell_together(job, [fact(row) for row in rows if row.replaces_id is None])
    for row in (row for row in rows if row.replaces_id is not None):
        tell_answered(job, row)
