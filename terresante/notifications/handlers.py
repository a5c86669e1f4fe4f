from collections.abc import Sequence

from terresante.care_team.events import RecordOpenedInEmergency, RecordShared
from terresante.kernel.events import on
from terresante.notifications.actions import email_alerts, notify
from terresante.notifications.queries import emergency_addresses


@on(RecordOpenedInEmergency)
def tell_of_emergency_access(events: Sequence[RecordOpenedInEmergency]) -> None:
    notify(
        (f"emergency:{event.object_id}", emergency_addresses(event.object_id))
        for event in events
        if event.object_id is not None
    )


@on(RecordShared)
def tell_the_members_of_an_opening(events: Sequence[RecordShared]) -> None:
    """Of a record that only its support structure knew: its members learn that others may now come in."""
    email_alerts([event for event in events if event.was_kept])
