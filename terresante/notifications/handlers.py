from collections.abc import Sequence

from terresante.care_team.events import (
    ComplaintAnswered,
    DelegationRecorded,
    MemberRemovedByPatient,
    ProfessionalCame,
    RecordOpenedInEmergency,
)
from terresante.directory.events import PrivacyActDone
from terresante.kernel.events import Event, on
from terresante.notifications.actions import notify
from terresante.notifications.queries import (
    emergency_addresses,
    patient_addresses,
    privacy_officers,
    removal_addresses,
)


@on(RecordOpenedInEmergency)
def tell_of_emergency_access(events: Sequence[RecordOpenedInEmergency]) -> None:
    notify(
        (f"emergency:{event.object_id}", emergency_addresses(event.object_id))
        for event in events
        if event.object_id is not None
    )


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


def _tell_patients(events: Sequence[Event]) -> None:
    """The patient, and who represents him by law; by the same words as everything else."""
    told = patient_addresses([event.patient_id for event in events if event.patient_id is not None])
    notify(
        (f"{type(event).__name__}:{event.object_id}", told.get(event.patient_id, []))
        for event in events
        if event.patient_id is not None
    )
