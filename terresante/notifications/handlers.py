from collections.abc import Sequence

from terresante.care_team.events import RecordOpenedInEmergency
from terresante.directory.events import PrivacyActDone
from terresante.kernel.events import on
from terresante.notifications.actions import notify
from terresante.notifications.queries import emergency_addresses, privacy_officers


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
