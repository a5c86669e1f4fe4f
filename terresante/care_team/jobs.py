from django.utils import timezone

from terresante.care_team.actions import hand_over
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import scheduled


@scheduled("10 4 * * *")
def propose_returns(actor: Actor) -> None:
    hand_over.propose_returns(actor, today=timezone.localdate())
