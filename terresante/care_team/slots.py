from uuid import UUID

from terresante.care_team.enums import ConsentKind
from terresante.care_team.queries import open_choices
from terresante.care_team.regime import needs_consent
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.slots import HeaderBadge, header_badge


@header_badge
def consent_to_ask_for(actor: Actor, patient_id: UUID) -> list[HeaderBadge]:
    """Under the regime of 2019 alone; in the other nothing is asked of the database."""
    if actor.kind != ActorKind.PROFESSIONAL or not needs_consent():
        return []
    if ConsentKind.CONSENT_SHARING in open_choices(patient_id):
        return []
    return [HeaderBadge(order=15, level="orange", icon="scale", text="Consentement à recueillir")]
