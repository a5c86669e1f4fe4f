from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.notifications import actions as notifications
from terresante.notifications.enums import Notice
from terresante.stays.events import StayAlerted


@on(StayAlerted)
def write_to_the_circle(events: Sequence[StayAlerted]) -> None:
    notifications.tell_readers(Notice.STAY, events)
