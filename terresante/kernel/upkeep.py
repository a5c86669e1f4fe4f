"""What the kernel's own tables need to stay well: loops and scheduled jobs."""

import logging
from datetime import timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.utils import timezone

from terresante.kernel import audit, sql
from terresante.kernel.actor import Actor
from terresante.kernel.enums import OutboundChannel
from terresante.kernel.files import vault
from terresante.kernel.jobs import loop, scheduled
from terresante.kernel.models import OutboxEvent
from terresante.kernel.outbound import deliver_waiting
from terresante.kernel.sealer import Sealer

log = logging.getLogger(__name__)

# A browser away for longer reloads its page; nobody replays events of last week.
OUTBOX_KEPT = timedelta(days=7)
PARTITIONS_AHEAD = 24
PARTITIONS_ALARM = 3


@loop(idle=0.5)
def send_emails() -> int:
    return deliver_waiting()


@loop(idle=0.5)
def send_pushes() -> int:
    return deliver_waiting(channels=(OutboundChannel.PUSH,))


@loop(idle=0.5)
def send_to_peers() -> int:
    return deliver_waiting(channels=(OutboundChannel.PEER,))


@loop(idle=10)
def seal_audit() -> int:
    """Under the sealer's own role; a deployment that seals elsewhere leaves DATABASE_SEALER_URL out of the worker."""
    if not settings.DATABASE_SEALER_URL:
        return 0
    with psycopg.connect(settings.DATABASE_SEALER_URL, autocommit=True) as connection:
        seal = Sealer(connection, Path(settings.AUDIT_HEADS)).seal()
    return seal.entries if seal else 0


@scheduled("17 3 * * *")
def keep_audit_partitions(actor: Actor) -> None:
    reached = audit.ensure_partitions(PARTITIONS_AHEAD)
    if reached < PARTITIONS_ALARM:
        log.error("audit: only %d months of partitions are left", reached)


@scheduled("37 3 * * *")
def forget_old_events(actor: Actor) -> None:
    """Keeps the newest row whatever its age: positions are counted from it."""
    newest = sql.value("SELECT last_event_position()")
    OutboxEvent.objects.filter(created_at__lt=timezone.now() - OUTBOX_KEPT, position__lt=newest).delete()


@scheduled("57 3 * * *")
def erase_files_never_kept(actor: Actor) -> None:
    vault.sweep(now=timezone.now())
