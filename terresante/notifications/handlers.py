from collections.abc import Sequence

from terresante.accounts.events import SessionClosed
from terresante.care_team.events import (
    ComplaintAnswered,
    DelegationRecorded,
    EmergencyExplanationAsked,
    EmergencyReviewed,
    HandedOver,
    HandOverProposed,
    JoinAnswered,
    JoinAsked,
    MemberRemovedByPatient,
    ProfessionalCame,
    RecordOpenedInEmergency,
    RecordShared,
)
from terresante.directory.events import PrivacyActDone
from terresante.kernel.events import Event, on
from terresante.notifications.actions import forget_subscription, tell_patients, tell_readers
from terresante.notifications.enums import Notice
from terresante.notifications.queries import (
    emergency_addresses,
    opener_of,
    privacy_officers,
    professional_addresses,
    removal_addresses,
)
from terresante.notifications.telling import tell


@on(RecordOpenedInEmergency)
def tell_of_emergency_access(events: Sequence[RecordOpenedInEmergency]) -> None:
    _tell_of_emergency("emergency", events)


@on(EmergencyExplanationAsked)
def ask_who_opened(events: Sequence[EmergencyExplanationAsked]) -> None:
    tell(
        Notice.EMERGENCY,
        (
            (f"explain:{event.object_id}", opener_of(event.patient_id, event.object_id))
            for event in events
            if event.patient_id is not None and event.object_id is not None
        ),
    )


@on(EmergencyReviewed)
def tell_of_review(events: Sequence[EmergencyReviewed]) -> None:
    """The result of a review is told to the same persons as the opening was, the patient first."""
    _tell_of_emergency("reviewed", events)


def _tell_of_emergency(told: str, events: Sequence[Event]) -> None:
    tell(
        Notice.EMERGENCY,
        (
            (f"{told}:{event.object_id}", emergency_addresses(event.object_id))
            for event in events
            if event.object_id is not None
        ),
    )


@on(HandOverProposed)
def ask_who_takes_over(events: Sequence[HandOverProposed]) -> None:
    tell(
        Notice.CIRCLE,
        ((f"hand-over:{event.object_id}", professional_addresses(event.taker_id)) for event in events),
    )


@on(HandedOver)
def tell_patient_of_hand_over(events: Sequence[HandedOver]) -> None:
    tell_patients(Notice.TEAM, events)


@on(JoinAsked)
def tell_of_a_request(events: Sequence[JoinAsked]) -> None:
    """Told to the patient and to the members who may know of who asks: the first to answer decides."""
    tell_readers(Notice.CIRCLE, events)
    tell_patients(Notice.JOIN, events)


@on(JoinAnswered)
def tell_who_asked(events: Sequence[JoinAnswered]) -> None:
    tell(
        Notice.CIRCLE,
        ((f"answered:{event.object_id}", professional_addresses(event.practitioner_id)) for event in events),
    )


@on(RecordShared)
def tell_the_members_of_an_opening(events: Sequence[RecordShared]) -> None:
    """Of a record that only its support structure knew: its members learn that others may now come in."""
    tell_readers(Notice.CIRCLE, [event for event in events if event.was_kept])


@on(PrivacyActDone)
def tell_of_privacy_acts(events: Sequence[PrivacyActDone]) -> None:
    officers = privacy_officers() if events else []
    tell(Notice.PRIVACY, ((f"privacy:{event.object_id}", officers) for event in events))


@on(ProfessionalCame)
def tell_of_first_access(events: Sequence[ProfessionalCame]) -> None:
    tell_patients(Notice.FIRST_ACCESS, events)


@on(ComplaintAnswered)
def tell_of_answer(events: Sequence[ComplaintAnswered]) -> None:
    tell_patients(Notice.ANSWER, events)


@on(DelegationRecorded)
def tell_of_delegation(events: Sequence[DelegationRecorded]) -> None:
    tell_patients(Notice.DELEGATION, events)


@on(MemberRemovedByPatient)
def tell_of_removal(events: Sequence[MemberRemovedByPatient]) -> None:
    keys = [event.object_id for event in events if event.object_id is not None]
    told = removal_addresses(keys)
    tell(Notice.CIRCLE, ((f"removed:{key}", told.get(key, [])) for key in keys))


@on(SessionClosed)
def forget_the_browser(events: Sequence[SessionClosed]) -> None:
    for event in events:
        forget_subscription(user_id=event.user_id, device_id=event.device_id)
