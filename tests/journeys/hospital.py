"""The other side of the wire: a hospital that sends what its people do."""

from config.local.places import HOST
from simulators.hospital.client import Client
from simulators.hospital.gestures import GESTURES, Ward
from simulators.hospital.page import read_people
from tests.journeys.platform import Platform


class Hospital:
    def __init__(self, platform: Platform) -> None:
        self._port = platform.mllp_port
        people = read_people(platform.var / "demo-hospital.json")
        self._wards = {person.birth_name: Ward(person) for person in reversed(people)}

    def sends(self, gesture: str, birth_name: str) -> None:
        """One message, accepted; the first listed of two homonyms."""
        performed = next(known for known in GESTURES if known.key == gesture)
        with Client(HOST, self._port) as client:
            ack = client.send(self._wards[birth_name].perform(performed))
        assert ack.is_accepted, ack.text
