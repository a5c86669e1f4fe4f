"""Messages counted by the hour, and senders that have fallen silent."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from terresante.interop.access import SENDER_MANAGE
from terresante.interop.events import SenderSilent
from terresante.interop.flow_queries import abandoned
from terresante.interop.models import FlowHour, InboundMessage, SenderSystem
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_again

SENDER_SILENT = Action("sender.silent", "Constater le silence d’un émetteur")
# Hours counted are kept as long as a year is compared with the one before.
_HOURS_KEPT = timedelta(days=800)
# Of the first count ever; messages of before are in no chart.
_FIRST_COUNT = timedelta(days=7)

# The last hour counted is counted again, whole, with the one before: a batch may commit after its hour has ended.
_COUNT = """
INSERT INTO interop_flowhour (id, sender_id, hour, message_type, received)
SELECT gen_random_uuid(), message.sender_id, date_trunc('hour', message.received_at), message.message_type, count(*)
FROM interop_sendersystem AS sender
JOIN interop_inboundmessage AS message ON message.sender_id = sender.id AND message.received_at >= %s
GROUP BY 2, 3, 4
ON CONFLICT (hour, sender_id, message_type) DO UPDATE SET received = excluded.received
"""


def count_hours(*, now: datetime | None = None) -> None:
    """Called in the context of a job. Idempotent."""
    at = now or timezone.now()
    last = FlowHour.objects.order_by("-hour").values_list("hour", flat=True).first()
    since = last - timedelta(hours=1) if last else at - _FIRST_COUNT
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [since.replace(minute=0, second=0, microsecond=0)])
    FlowHour.objects.filter(hour__lt=at - _HOURS_KEPT).delete()


def note_silences(actor: Actor, *, now: datetime | None = None) -> int:
    """Under a job's context: the senders that have just become silent, told once each; how many."""
    at = now or timezone.now()
    own = InboundMessage.objects.filter(sender_id=OuterRef("pk")).order_by("-received_at")
    watched = (
        SenderSystem.objects.filter(active=True, silence_hours__gt=0)
        .annotate(heard_at=Coalesce(Subquery(own.values("received_at")[:1]), F("registered_at")))
        .order_by("pk")
    )
    found = 0
    for sender in watched:
        is_late = sender.heard_at < at - timedelta(hours=sender.silence_hours)
        if is_late and sender.silence_told_for != sender.heard_at:
            note_silence(actor, sender, since=sender.heard_at)
            found += 1
    return found


@action
def acknowledge_again(actor: Actor, sender_id: UUID) -> int:
    """The business acknowledgements that its return address did not take leave once more, each under its message id:
    how many. Raises Conflict when none was abandoned.
    """
    sender = access.get(actor, SENDER_MANAGE, SenderSystem, sender_id, lock=True)
    again = queue_again(abandoned(sender))
    if not again:
        raise Conflict("Aucun accusé abandonné n’est à renvoyer : rechargez la page.")
    audit.record(actor, SENDER_MANAGE, about=sender, detail={"done": "acknowledged_again", "messages": again})
    return again


@action
def note_silence(actor: Actor, sender: SenderSystem, *, since: datetime) -> None:
    sender.silence_told_for = since
    sender.save(update_fields=["silence_told_for"])
    audit.record(actor, SENDER_SILENT, about=sender, detail={"since": since.isoformat()})
    emit(actor, SenderSilent(object_id=new_id()))
