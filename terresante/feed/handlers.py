"""What happens in the circle below the feed enters it here; apps above tell their own facts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from terresante.care_team.enums import DataClass
from terresante.care_team.events import HandedOver, MemberJoined, MemberLeft, RecordOpenedInEmergency
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.feed.actions import Fact, mark_read, tell
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem, ReadCursor, ReadException
from terresante.feed.queries import unread
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import on


@on(MemberJoined)
def tell_of_joined(events: Sequence[MemberJoined]) -> None:
    for event in events:
        member = _participant(event)
        if member is not None:
            _tell(event, FeedKind.MEMBER_JOINED, member.started_at, member)


@on(MemberLeft)
def tell_of_left(events: Sequence[MemberLeft]) -> None:
    for event in events:
        member = _participant(event)
        if member is not None and member.ended_at is not None:
            _tell(event, FeedKind.MEMBER_LEFT, member.ended_at, member)


@on(RecordOpenedInEmergency)
def tell_of_emergency(events: Sequence[RecordOpenedInEmergency]) -> None:
    for event in events:
        if event.object_id is not None and _opens(event.patient_id):
            opened = EmergencyAccess.objects.filter(pk=event.object_id).first()
            if opened is not None:
                _tell(event, FeedKind.EMERGENCY_ACCESS, opened.opened_at)


@on(HandedOver)
def move_alerts(events: Sequence[HandedOver]) -> None:
    """Alerts that the former member had not seen wait for the one who took over, and no longer for him. Idempotent."""
    for event in events:
        if (
            event.patient_id is not None
            and event.giver_user_id is not None
            and event.taker_user_id is not None
        ):
            waiting, read_up_to = _waiting(event.giver_user_id, event.patient_id)
            _await(event.taker_user_id, event.patient_id, waiting, read_up_to)


def _waiting(user_id: UUID, patient_id: UUID) -> tuple[list[FeedItem], datetime | None]:
    """His unread alerts, which are marked as read, and how far he had read."""
    giver = replace(Actor.job("feed"), user_id=user_id)
    with rls.acting(giver):
        rls.open_record(patient_id)
        cursor = ReadCursor.objects.filter(user_id=user_id, patient_id=patient_id).first()
        waiting = list(unread(giver).filter(patient_id=patient_id, is_alert=True))
        if waiting:
            mark_read(giver, *waiting)
        return waiting, cursor.read_up_to if cursor else None


def _await(user_id: UUID, patient_id: UUID, waiting: list[FeedItem], read_up_to: datetime | None) -> None:
    """Makes these alerts unread for him. On his first visit he begins where the former had read to: else everything
    since the beginning would be unread.
    """
    with rls.acting(replace(Actor.job("feed"), user_id=user_id)):
        rls.open_record(patient_id)
        if read_up_to is not None:
            ReadCursor.objects.get_or_create(
                user_id=user_id, patient_id=patient_id, defaults={"read_up_to": read_up_to}
            )
        marks = [
            ReadException(user_id=user_id, patient_id=patient_id, item=item, is_read=False)
            for item in waiting
        ]
        ReadException.objects.bulk_create(
            marks,
            update_conflicts=True,
            unique_fields=["patient", "user", "item"],
            update_fields=["is_read"],
        )


def _participant(event: MemberJoined | MemberLeft) -> CareTeamParticipant | None:
    if event.object_id is None or not _opens(event.patient_id):
        return None
    return CareTeamParticipant.objects.filter(pk=event.object_id).first()


def _opens(patient_id: UUID | None) -> bool:
    return patient_id is not None and bool(rls.open_record(patient_id))


def _tell(
    event: MemberJoined | MemberLeft | RecordOpenedInEmergency,
    kind: FeedKind,
    occurred_at: datetime,
    member: CareTeamParticipant | None = None,
) -> None:
    """Told in the name of its author, for whom it is nothing new; of a restricted member, only to those who know of
    him.
    """
    if event.patient_id is None or event.object_id is None:
        return
    author = replace(Actor.job("feed"), user_id=event.by_user_id)
    fact = Fact(
        patient_id=event.patient_id,
        kind=kind,
        object_id=event.object_id,
        occurred_at=occurred_at,
        data_class=DataClass.CIRCLE,
        sector=member.sector if member else "",
        restricted_to_id=member.restricted_to_id if member else None,
    )
    tell(author, fact)
