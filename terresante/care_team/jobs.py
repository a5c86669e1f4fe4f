from datetime import UTC, datetime, timedelta

from django.utils import timezone

from terresante.care_team.actions import hand_over
from terresante.care_team.events import AccessesSeen, ProfessionalCame
from terresante.care_team.queries import Gathered, gathered_accesses
from terresante.care_team.queries.ended import ended_accesses
from terresante.kernel import rls, sql
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.kernel.jobs import loop, scheduled
from terresante.kernel.models import HandlerCursor
from terresante.kernel.together import written_together

CURSOR = "care_team.accesses"
# Its position is a moment, in microseconds.
ENDINGS = "care_team.endings"
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


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


@loop(idle=5.0)
def tell_of_endings() -> int:
    """Accesses that end by themselves close the pages that they opened: nobody acts at that moment.

    One reading of the indexes of what ends, between the last look and this one, however many have pages open; killed,
    it goes on from there. The first run of a deployment tells of nothing: the past was known.
    """
    job = Actor.job("endings")
    with rls.acting(job), written_together():
        cursor, is_new = HandlerCursor.objects.select_for_update().get_or_create(handler=ENDINGS)
        upto: datetime = sql.value("SELECT statement_timestamp()")
        since = upto if is_new else _EPOCH + cursor.position * _MICROSECOND
        ended = ended_accesses(since=since, upto=upto)
        for closed in ended:
            emit(job, closed)
        cursor.position = (upto - _EPOCH) // _MICROSECOND
        cursor.save(update_fields=["position"])
    return len(ended)


@scheduled("10 4 * * *")
def propose_returns(actor: Actor) -> None:
    hand_over.propose_returns(actor, today=timezone.localdate())
