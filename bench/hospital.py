"""The sending side of the intake's measures: cheap enough to leave the machine to what is measured."""

import datetime
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from config.local.places import HOST
from simulators.hospital.messages import PARIS, Authority, Movement, Person, Place, Stay, message

AUTHORITY = Authority("BENCH", "1.2.250.1.999.1")
_PLACE = Place(unit="7110", unit_code="7110", ward="MED", room="1", bed="1")
_LABEL = "LABEL-OF-THE-MESSAGE"
_AHEAD = 64  # messages a connection has under way


@dataclass(frozen=True)
class Known:
    """A patient that the hospital knows under `ipp`."""

    patient_id: str
    ipp: str
    birth_name: str
    given_name: str
    birth_date: str
    sex: str


@dataclass
class Hospital:
    """Admissions of patients known by their IPP: each a new stay, written once a patient, then relabelled."""

    people: list[Known]
    run: str
    _written: dict[int, bytes] = field(default_factory=dict)

    def admission(self, index: int) -> bytes:
        place = index % len(self.people)
        if place not in self._written:
            self._written[place] = self._admission_of(self.people[place])
        return self._written[place].replace(_LABEL.encode(), f"{self.run}{index}".encode())

    def patient(self, index: int) -> str:
        return self.people[index % len(self.people)].patient_id

    def _admission_of(self, known: Known) -> bytes:
        now = datetime.datetime.now(PARIS)
        person = Person(
            known.ipp,
            known.birth_name,
            known.given_name,
            known.birth_date,
            known.sex,
            "94028",
            AUTHORITY,
        )
        stay = Stay(_LABEL, _LABEL, "I", _PLACE, now)
        return message("A01", person, control_id=_LABEL, at=now, stay=stay, movement=Movement(_LABEL, now))


def burst(hospital: Hospital, port: int, *, first: int, connections: int, seconds: float) -> float:
    """Messages acknowledged a second, each connection sending as fast as it is answered, from `first` on."""
    counts = [0] * connections
    until = time.monotonic() + seconds

    def send(slot: int) -> None:
        indexes = iter(range(first + slot, first + 10_000_000, connections))
        counts[slot] = _as_fast_as_answered(
            (hospital.admission(index) for index in indexes), port, until=until
        )

    began = time.monotonic()
    together(send, connections)
    return sum(counts) / (time.monotonic() - began)


def _as_fast_as_answered(messages: Iterator[bytes], port: int, *, until: float) -> int:
    accepted, under_way, rest = 0, 0, b""
    with socket.create_connection((HOST, port), timeout=60) as wire:
        while time.monotonic() < until or under_way:
            if time.monotonic() < until and under_way <= _AHEAD // 2:
                more = [b"\x0b" + next(messages) + b"\x1c\r" for _ in range(_AHEAD - under_way)]
                wire.sendall(b"".join(more))
                under_way += len(more)
            content = wire.recv(262_144)
            if not content:
                raise ConnectionError("the listener closed a connection")
            answers, _, rest = (rest + content).rpartition(b"\x1c\r")
            accepted += answers.count(b"MSA|AA|")
            under_way -= answers.count(b"MSA|")
    return accepted


def together(work: Callable[[int], None], number: int) -> None:
    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
