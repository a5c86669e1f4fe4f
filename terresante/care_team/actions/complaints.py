"""What the privacy officer answers to somebody who contests an access."""

from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import COMPLAINT_ANSWER, COMPLAINT_READ
from terresante.care_team.actions.urgent import REASON_MIN_LENGTH
from terresante.care_team.enums import ComplaintState
from terresante.care_team.events import ComplaintAnswered
from terresante.care_team.models import AccessComplaint
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.events import emit


@action
def answer_complaint(
    actor: Actor, complaint_id: UUID, *, state: ComplaintState, answer: str
) -> AccessComplaint:
    """The officer's answer, told to the patient. Raises Invalid without a sentence, Conflict when it has one."""
    contested = access.get(actor, COMPLAINT_READ, AccessComplaint, complaint_id, lock=True)
    if contested.answered_at is not None:
        raise Conflict("Cette contestation a déjà une réponse.")
    written = " ".join(answer.split())
    if len(written) < REASON_MIN_LENGTH or state == ComplaintState.OPEN:
        sentence = "Écrivez la réponse que la personne lira, en une phrase au moins."
        raise Invalid(sentence, fields={"answer": sentence})
    contested.state, contested.answer = state, written[:500]
    contested.answered_at, contested.answered_by_name = timezone.now(), actor.name
    contested.save(update_fields=["state", "answer", "answered_at", "answered_by_name"])
    detail = {"state": state.value}
    audit.record(actor, COMPLAINT_ANSWER, patient_id=contested.patient_id, about=contested, detail=detail)
    emit(actor, ComplaintAnswered(patient_id=contested.patient_id, object_id=contested.pk))
    return contested
