"""Messages become identities and stays, in the order each sender sent them for each identity.

A message that waits for a person, or that failed, holds back only the later ones about the same identity.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, Func, IntegerField, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from terresante.interop.acknowledging import acknowledge
from terresante.interop.applying import Turn, gateway_job, settle
from terresante.interop.enums import HOLDING, MessageOutcome, MessageState
from terresante.interop.filing import Files, put_files_away
from terresante.interop.flow_actions import count_hours, note_silences
from terresante.interop.models import InboundMessage
from terresante.interop.robot_actions import read_folder
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import loop, scheduled

Clock = Callable[[], datetime]
# Messages looked at, to find those whose turn it is; and applied in one transaction, told to browsers at its end.
_WINDOW = 600
_TOGETHER = 200
# Of the messages of one transaction: documents are as heavy as a thousand admissions.
_MOST_BYTES = 64 * 1024 * 1024
_LENGTH = Func("sealed_raw", function="octet_length", output_field=IntegerField())
_S, _O = MessageState, MessageOutcome


def apply_waiting(limit: int = 200, *, clock: Clock = timezone.now) -> int:
    """Applies up to `limit` waiting messages; returns how many were settled. Processes may share the work."""
    settled = 0
    while settled < limit and (done := _apply_together(min(_TOGETHER, limit - settled), clock())):
        settled += done
    return settled


def _apply_together(most: int, now: datetime) -> int:
    """One transaction; a second one for the documents, whose files are put away between the two, outside any.

    A deadlock or a lost database rolls everything back, to be applied again.
    """
    files = Files()
    settled = _settle(most, now, files)
    if not files.wanted:
        return settled
    return settled + _settle(most, now, Files(ready=put_files_away(files.wanted)))


def _settle(most: int, now: datetime, files: Files) -> int:
    """With files put away, only the messages that have one."""
    with rls.acting(gateway_job()):
        rows = _whose_turn_it_is(most)
        if files.ready:
            rows = [row for row in rows if row.pk in files.ready]
        turns = settle(rows, now=now, files=files) if rows else []
        if turns:
            _write(turns, now)
            acknowledge((row, settled.state, settled.outcome) for row, settled in turns)
            release_unmatched(
                {key for row, settled in turns if settled.patient_id for key in row.identity_keys}
            )
    return len(turns)


def _whose_turn_it_is(most: int) -> list[InboundMessage]:
    """The oldest ones, one of each identity, locked; without those another process has taken.

    A message still waiting when the list was read keeps the later ones of its identity out, locked or not.
    """
    waiting = InboundMessage.objects.filter(state=_S.RECEIVED).order_by("sequence")
    first: list[UUID] = []
    seen: set[str] = set()
    size = 0
    for key, identity_keys, length in waiting.values_list("pk", "identity_keys", _LENGTH)[:_WINDOW]:
        if seen.isdisjoint(identity_keys) and (not first or size + length < _MOST_BYTES):
            first.append(key)
            size += length
        seen.update(identity_keys)
    earlier = InboundMessage.objects.filter(
        sender_id=OuterRef("sender_id"), sequence__lt=OuterRef("sequence")
    )
    holding = earlier.filter(state__in=HOLDING, identity_keys__overlap=OuterRef("identity_keys"))
    repeated = earlier.exclude(control_id="").filter(control_id=OuterRef("control_id"))
    return list(
        waiting.filter(pk__in=first)
        .annotate(is_held=Exists(holding), repeats=Exists(repeated))
        .select_related("sender__organization")
        .prefetch_related("sender__domains")
        .select_for_update(of=("self",), skip_locked=True)[:most]
    )


def release_unmatched(identity_keys: Collection[str]) -> int:
    """An identifier is known from now on: what it said before is played again, in its order."""
    return InboundMessage.objects.filter(
        state=_S.NO_CANDIDATE, identity_keys__overlap=list(identity_keys)
    ).update(state=_S.RECEIVED, outcome=_O.NONE, trait_keys=[])


def release_held(row: InboundMessage) -> int:
    """What waited behind a message now decided; those behind another one are held again when their turn comes."""
    return InboundMessage.objects.filter(
        state=_S.HELD, sender_id=row.sender_id, identity_keys__overlap=row.identity_keys
    ).update(state=_S.RECEIVED)


@loop(idle=0.05)
def apply_what_waits() -> int:
    return apply_waiting()


@scheduled("47 * * * *")
def purge_what_is_late(actor: Actor) -> None:
    purge_kept()


@scheduled("*/5 * * * *")
def watch_flows(actor: Actor) -> None:
    count_hours()
    note_silences(actor)


@scheduled("41 2 * * *")
def prepare_from_the_files_of_the_night(actor: Actor) -> None:
    if settings.ROBOT_FOLDER:
        read_folder(actor, Path(settings.ROBOT_FOLDER))


def purge_kept(*, now: datetime | None = None) -> int:
    """Empties messages without candidate after their delay, and refused ones; only the count remains."""
    at = now or timezone.now()
    late = Q(state=_S.NO_CANDIDATE, received_at__lt=at - timedelta(days=settings.NO_CANDIDATE_DAYS)) | Q(
        state__in=[_S.REFUSED, _S.UNREADABLE, _S.PUT_ASIDE],
        received_at__lt=at - timedelta(days=settings.REFUSED_MESSAGE_DAYS),
    )
    with rls.acting(gateway_job()):
        return InboundMessage.objects.filter(late).update(
            state=_S.PURGED,
            outcome=_O.TOO_OLD,
            sealed_raw=b"",
            identity_keys=[],
            trait_keys=[],
            content_hash=Func(Cast("id", TextField()), Value("UTF8"), function="convert_to"),
            control_id="",
        )


# Of an opposition nothing is kept but the count (DESIGN.md 6); of a message without effect, not its content.
_WRITE = """
UPDATE interop_inboundmessage AS message
SET state = turn.state, outcome = turn.outcome, patient_id = turn.patient_id, handled_at = %s,
    trait_keys = string_to_array(turn.trait_keys, ','),
    is_control_id_reused = turn.is_control_id_reused,
    remarks = CASE WHEN turn.state = 'opposed' THEN '{}' ELSE string_to_array(turn.remarks, chr(31)) END,
    sealed_raw = CASE WHEN turn.state IN ('opposed', 'ignored') THEN '' ELSE message.sealed_raw END,
    identity_keys = CASE WHEN turn.state = 'opposed' THEN '{}' ELSE message.identity_keys END,
    control_id = CASE WHEN turn.state = 'opposed' THEN '' ELSE message.control_id END,
    content_hash = CASE WHEN turn.state = 'opposed' THEN uuid_send(message.id) ELSE message.content_hash END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::boolean[], %s::text[])
     AS turn (id, state, outcome, patient_id, trait_keys, is_control_id_reused, remarks)
WHERE message.id = turn.id
"""


def _write(turns: Sequence[Turn], now: datetime) -> None:
    columns = zip(
        *(
            (
                row.pk,
                settled.state.value,
                settled.outcome.value,
                settled.patient_id,
                ",".join(settled.trait_keys),
                row.is_control_id_reused,
                "\x1f".join(row.remarks),
            )
            for row, settled in turns
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, *(list(column) for column in columns)])
