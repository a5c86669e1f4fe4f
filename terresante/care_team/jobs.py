from django.utils import timezone

from terresante.care_team.actions import hand_over
from terresante.care_team.events import AccessesSeen, ProfessionalCame
from terresante.care_team.queries import Gathered, gathered_accesses
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.kernel.jobs import loop, scheduled
from terresante.kernel.models import HandlerCursor

CURSOR = "care_team.accesses"


@loop(idle=1.0)
def tell_of_accesses() -> int:
    """Follows the committed trail: the page of who saw the record is told to move, a first access is told once.

    A reading page pays nothing for it. The first run of a deployment tells of nothing: the past was known.
    """
    job = Actor.job("accesses")
    with rls.acting(job):
        cursor, is_new = HandlerCursor.objects.select_for_update().get_or_create(handler=CURSOR)
        found = gathered_accesses(after=cursor.position)
        if found.up_to == cursor.position:
            return 0
        if not is_new:
            _tell(job, found)
        cursor.position = found.up_to
        cursor.save(update_fields=["position"])
    return 0


def _tell(job: Actor, found: Gathered) -> None:
    for patient_id, sector in found.seen:
        emit(job, AccessesSeen(patient_id=patient_id, sector=sector))
    for first_id, patient_id, sector, place_id in found.firsts:
        came = ProfessionalCame(
            patient_id=patient_id, object_id=first_id, sector=sector, restricted_to_id=place_id
        )
        emit(job, came)


@scheduled("10 4 * * *")
def propose_returns(actor: Actor) -> None:
    hand_over.propose_returns(actor, today=timezone.localdate())
