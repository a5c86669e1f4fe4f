"""The live stream: who is told of an event, all being connected at once, then one alone."""

from collections.abc import Iterator

from terresante.care_team.enums import DataClass
from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import Event
from tests.access.oracle import model
from tests.access.oracle.build import Built
from tests.access.oracle.decisions import Compared, Door, one


def live(built: Built) -> Iterator[Compared]:
    connected = {reader: actor for reader, actor in built.actors.items() if actor and actor.user_id}
    rows = model.rows(built.world)
    events = [_event(built, row) for row in rows]
    with rls.acting(Actor.job("live"), read_only=True):
        together = ports.live_readers(events, list(connected.values()))
        alone = {reader: ports.live_readers(events, [actor]) for reader, actor in connected.items()}
    for number, row in enumerate(rows):
        for reader, actor in connected.items():
            expected = model.reads(built.world, reader, row)
            told = actor.correlation_id in together[number]
            yield one(Door.LIVE, told, expected, f"{reader} is told live of row {row.row}")
            only = bool(alone[reader][number])
            yield one(Door.LIVE, only, expected, f"{reader}, connected alone, is told live of row {row.row}")


def _event(built: Built, row: model.Writes) -> Event:
    return Event(
        patient_id=built.records[row.patient].patient_id,
        private_to_id=None if row.private_to is None else built.structures[row.private_to].pk,
        private_to_person_id=None if row.private_to_who is None else built.people[row.private_to_who].pk,
        hidden_from_patient=row.hidden,
        hidden_from_representative=row.hidden_from_relatives,
        data_class=DataClass(row.data_class),
        sector=row.sector,
        restricted_to_id=None if row.restricted_to is None else built.structures[row.restricted_to].pk,
    )
