from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown, tab_counts
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import lowered
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.enums import ResponseColour
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.queries import title_of

_SAID = {ResponseColour.ORANGE: ", réponse orange", ResponseColour.RED: ", réponse rouge"}


@fact_shown(FeedKind.QUESTIONNAIRE)
def answers_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    return {(FeedKind.QUESTIONNAIRE, row.pk): _line(row) for row in _responses(actor, [pk for _, pk in keys])}


tab_counts("forms", FeedKind.QUESTIONNAIRE)


@compiled.rows
def _responses(actor: Actor, keys: list[UUID]) -> QuerySet[QuestionnaireResponse]:
    return access.list(actor, RESPONSE_READ, QuestionnaireResponse).filter(among("pk", keys))


def _line(row: QuestionnaireResponse) -> FactLine:
    return FactLine(
        strong=title_of(row),
        text=_SAID.get(ResponseColour(row.colour), ""),
        source=", ".join(part for part in (row.respondent_name, lowered(row.respondent_role)) if part),
        url=link("questionnaires:one", row.record_id, row.pk),
        icon="list-checks",
    )
