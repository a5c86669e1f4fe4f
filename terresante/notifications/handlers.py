from collections.abc import Sequence

from terresante.care_team.events import (
    EmergencyExplanationAsked,
    EmergencyReviewed,
    HandedOver,
    HandOverProposed,
    RecordOpenedInEmergency,
)
from terresante.kernel.events import on
from terresante.notifications.actions import notify
from terresante.notifications.queries import (
    emergency_addresses,
    opener_of,
    patient_addresses,
    professional_addresses,
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
    notify(
        (f"handed-over:{event.object_id}", patient_addresses(event.patient_id))
        for event in events
        if event.patient_id is not None
    )
