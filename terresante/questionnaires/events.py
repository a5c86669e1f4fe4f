from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionnaireAnswered(Event):
    """object_id is the response, complete; `colour` what its pathway's rules say; `replaces_id`: what it corrects."""

    follow_up_id: UUID | None = None
    occurrence_id: UUID | None = None
    replaces_id: UUID | None = None
    colour: str = ""
    by_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayPublished(Event):
    """object_id is the version that is offered from now on; what runs stays on its own."""
