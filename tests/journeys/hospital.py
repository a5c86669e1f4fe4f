"""The other side of the wire: a hospital that sends what its people do."""

import itertools
import re

from config.local.places import HOST
from simulators.hospital.client import Client
from simulators.hospital.gestures import GESTURES, Impossible, Ward
from simulators.hospital.page import read_people
from tests.journeys.platform import Platform


class Hospital:
    def __init__(self, platform: Platform) -> None:
        self._port = platform.mllp_port
        people = read_people(platform.var / "demo-hospital.json")
        numbers = itertools.count(1)
        # The first listed of two homonyms.
        self._wards = {person.birth_name: Ward(person, numbers=numbers) for person in reversed(people)}

    def sends(self, gesture: str, birth_name: str) -> None:
        performed = next(known for known in GESTURES if known.key == gesture)
        with Client(HOST, self._port) as client:
            ack = client.send(self._wards[birth_name].perform(performed))
        assert ack.is_accepted, ack.text

    def announces_death(self, birth_name: str) -> None:
        """Without its date, as a software does by mistake (PID-30 alone)."""
        identity = next(known for known in GESTURES if known.key == "identite")
        alive = self._wards[birth_name].perform(identity)
        with Client(HOST, self._port) as client:
            ack = client.send(re.sub(rb"(\rPID(?:\|[^|\r]*){29}\|)N", rb"\1Y", alive))
        assert ack.is_accepted, ack.text

    def admits(self, gesture: str, birth_name: str) -> None:
        """As `sends`, whatever an earlier journey left: who is still there goes home first."""
        try:
            self.sends(gesture, birth_name)
        except Impossible:
            self.sends("sortie", birth_name)
            self.sends(gesture, birth_name)
