"""What happens in the circle below the feed enters it here; apps above tell their own facts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from terresante.care_team.enums import DataClass
from terresante.care_team.events import MemberJoined, MemberLeft, RecordOpenedInEmergency
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import on


@on(MemberJoined)
def tell_of_joined(events: Sequence[MemberJoined]) -> None:
    for event in events:
        member = _participant(event)
        if member is not None:
            _tell(event, FeedKind.MEMBER_JOINED, member.started_at)


@on(MemberLeft)
def tell_of_left(events: Sequence[MemberLeft]) -> None:
    for event in events:
        member = _participant(event)
        if member is not None and member.ended_at is not None:
            _tell(event, FeedKind.MEMBER_LEFT, member.ended_at)


@on(RecordOpenedInEmergency)
def tell_of_emergency(events: Sequence[RecordOpenedInEmergency]) -> None:
    for event in events:
        if event.object_id is not None and _opens(event.patient_id):
            opened = EmergencyAccess.objects.filter(pk=event.object_id).first()
            if opened is not None:
                _tell(event, FeedKind.EMERGENCY_ACCESS, opened.opened_at)


def _participant(event: MemberJoined | MemberLeft) -> CareTeamParticipant | None:
    if event.object_id is None or not _opens(event.patient_id):
        return None
    return CareTeamParticipant.objects.filter(pk=event.object_id).first()


def _opens(patient_id: UUID | None) -> bool:
    return patient_id is not None and bool(rls.open_record(patient_id))


def _tell(
    event: MemberJoined | MemberLeft | RecordOpenedInEmergency, kind: FeedKind, occurred_at: datetime
) -> None:
    """In the name of who did it: he has nothing new to read."""
    if event.patient_id is None or event.object_id is None:
        return
    author = replace(Actor.job("feed"), user_id=event.by_user_id)
    fact = Fact(
        patient_id=event.patient_id,
        kind=kind,
        object_id=event.object_id,
        occurred_at=occurred_at,
        data_class=DataClass.CIRCLE,
    )
    tell(author, fact)
