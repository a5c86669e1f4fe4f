from collections.abc import Sequence

from terresante.accounts.events import SessionClosed
from terresante.care_team.events import (
    ComplaintAnswered,
    DelegationRecorded,
    EmergencyExplanationAsked,
    EmergencyReviewed,
    HandedOver,
    HandOverProposed,
    MemberRemovedByPatient,
    ProfessionalCame,
    RecordOpenedInEmergency,
    RecordShared,
)
from terresante.directory.events import PrivacyActDone
from terresante.kernel.events import Event, on
from terresante.notifications.actions import email_alerts, forget_subscription, notify
from terresante.notifications.queries import (
    emergency_addresses,
    opener_of,
    patient_addresses,
    privacy_officers,
    professional_addresses,
    removal_addresses,
)


@on(RecordOpenedInEmergency)
def tell_of_emergency_access(events: Sequence[RecordOpenedInEmergency]) -> None:
    notify(
        (f"emergency:{event.object_id}", emergency_addresses(event.object_id))
        for event in events
        if event.object_id is not None
    )


@on(EmergencyExplanationAsked)
def ask_who_opened(events: Sequence[EmergencyExplanationAsked]) -> None:
    notify(
        (f"explain:{event.object_id}", opener_of(event.patient_id, event.object_id))
        for event in events
        if event.patient_id is not None and event.object_id is not None
    )


@on(EmergencyReviewed)
def tell_of_review(events: Sequence[EmergencyReviewed]) -> None:
    """The same persons as of the opening, the patient first: how it ended is told to who was told that it began."""
    notify(
        (f"reviewed:{event.object_id}", emergency_addresses(event.object_id))
        for event in events
        if event.object_id is not None
    )


@on(HandOverProposed)
def ask_who_takes_over(events: Sequence[HandOverProposed]) -> None:
    notify((f"hand-over:{event.object_id}", professional_addresses(event.taker_id)) for event in events)


@on(HandedOver)
def tell_patient_of_hand_over(events: Sequence[HandedOver]) -> None:
    _tell_patients(events)


@on(RecordShared)
def tell_the_members_of_an_opening(events: Sequence[RecordShared]) -> None:
    """Of a record that only its support structure knew: its members learn that others may now come in."""
    email_alerts([event for event in events if event.was_kept])


@on(PrivacyActDone)
def tell_of_privacy_acts(events: Sequence[PrivacyActDone]) -> None:
    officers = privacy_officers() if events else []
    notify((f"privacy:{event.object_id}", officers) for event in events)


@on(ProfessionalCame)
def tell_of_first_access(events: Sequence[ProfessionalCame]) -> None:
    _tell_patients(events)


@on(ComplaintAnswered)
def tell_of_answer(events: Sequence[ComplaintAnswered]) -> None:
    _tell_patients(events)


@on(DelegationRecorded)
def tell_of_delegation(events: Sequence[DelegationRecorded]) -> None:
    _tell_patients(events)


@on(MemberRemovedByPatient)
def tell_of_removal(events: Sequence[MemberRemovedByPatient]) -> None:
    keys = [event.object_id for event in events if event.object_id is not None]
    told = removal_addresses(keys)
    notify((f"removed:{key}", told.get(key, [])) for key in keys)


@on(SessionClosed)
def forget_the_browser(events: Sequence[SessionClosed]) -> None:
    for event in events:
        forget_subscription(user_id=event.user_id, device_id=event.device_id)


def _tell_patients(events: Sequence[Event]) -> None:
    """The patient and, but for what a sector keeps restricted, who represents him by law; by the same words as
    everything else.
    """
    told = patient_addresses([event.patient_id for event in events if event.patient_id is not None])
    notify(
        (
            f"{type(event).__name__}:{event.object_id}",
            [to for to in told.get(event.patient_id, []) if not (event.sector and to.represents)],
        )
        for event in events
        if event.patient_id is not None
    )
