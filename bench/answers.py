"""Answers of invented people to this morning's questionnaire, through the action; for a process that is set up."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.questionnaires.actions import NewResponse, answer
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse
from terresante.questionnaires.pathway import Answers

SAID: Answers = {
    "temperature": 37,
    "respiration": 16,
    "pouls": 72,
    "spo2": 98,
    "souffle": "none",
    "frissons": "no",
    "malaise": "no",
    "alimentation": "yes",
    "thorax": "no",
    "etat": "good",
}
# One answer in so many is red.
_RED_IN = 50


def version() -> UUID:
    return PathwayVersion.objects.only("pk").get().pk


def answered(person: int, version_id: UUID) -> QuestionnaireResponse:
    """In a transaction of its own, as who answers with a link. Raises as the action."""
    return answer(
        Actor.job("bench"),
        NewResponse(
            id=new_id(),
            record_id=_key(6, person),
            version_id=version_id,
            form="quotidien",
            answers={**SAID, "spo2": 92} if person % _RED_IN == 0 else SAID,
            source=ResponseSource.LINK,
            authored_at=timezone.now() - timedelta(seconds=1),
            follow_up_id=_key(21, person),
            occurrence_id=_key(22, person * 8 + 5),
            respondent_name="Une personne",
            patient_id=_key(5, person),
        ),
    )


def _key(kind: int, number: int) -> UUID:
    """As region.sql makes them."""
    return UUID(f"{kind:08x}-0000-7000-8000-{number:012x}")
