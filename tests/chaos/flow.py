"""What the hospital of the chaos sends: stays and letters of its patients, each again until it is acknowledged."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from config.local.places import HOST
from simulators.hospital.client import Client, NoAnswer
from simulators.hospital.documents import Author, Letter, Passage, cda, mdm
from simulators.hospital.messages import PARIS, Authority, Movement, Person, Place, Stay, message

AUTHORITY = Authority("CHAOS", "1.2.250.1.999.77")
UNIT = "7110"
_PLACE = Place(unit="Médecine", unit_code=UNIT, ward="MED")
_AUTHOR = Author("10001234560", "Paul", "ESSAI", "Hôpital du Chaos", "990000077")
# Of one round of a patient: she comes, changes ward, leaves, and her letter follows.
EVENTS = ("A01", "A02", "A03", "T02")
_CONNECTIONS = 8
_PAUSE = 0.05  # seconds before a connection is tried again


@dataclass(frozen=True)
class Expected:
    """What the flow must leave in the database."""

    stays: int
    movements: int
    documents: int
    # Of the timeline: each movement and each document is told.
    facts: int
    # Arrivals and departures ring.
    alerts: int


@dataclass
class Flow:
    """The messages of `people`, patient by patient, in their order; who reads it sends it."""

    people: list[Person]
    number: int
    began: datetime = field(default_factory=lambda: datetime.now(PARIS).replace(microsecond=0))

    def lanes(self) -> list[Iterator[tuple[str, bytes]]]:
        """One for each connection: a patient's messages all go by the same one, in their order."""
        return [self._lane(lane) for lane in range(_CONNECTIONS)]

    def expected(self) -> Expected:
        events = Counter(EVENTS[place % len(EVENTS)] for _, place in self._places())
        movements = events["A01"] + events["A02"] + events["A03"]
        return Expected(
            stays=events["A01"],
            movements=movements,
            documents=events["T02"],
            facts=movements + events["T02"],
            alerts=events["A01"] + events["A03"],
        )

    def _places(self) -> Iterator[tuple[int, int]]:
        """(patient, place of the message among hers): everybody's first, then everybody's second…"""
        for index in range(self.number):
            yield index % len(self.people), index // len(self.people)

    def _lane(self, lane: int) -> Iterator[tuple[str, bytes]]:
        for patient, place in self._places():
            if patient % _CONNECTIONS == lane:
                name = f"{self.people[patient].ipp}-{place}"
                yield name, self._message(self.people[patient], place, name)

    def _message(self, person: Person, place: int, name: str) -> bytes:
        turn, event = place // len(EVENTS), EVENTS[place % len(EVENTS)]
        # A minute apart, all within today's last hours: alerts are those of now.
        at = self.began - timedelta(hours=3) + timedelta(minutes=place)
        if event == "T02":
            passage = Passage("42545-4", "Synthèse", f"<paragraph>Séjour {turn}, tout va bien.</paragraph>")
            letter = Letter(
                identifier=f"1.2.250.1.999.77.{person.ipp[1:]}.{turn}",
                person=person,
                author=_AUTHOR,
                at=at,
                passages=(passage,),
            )
            return mdm("T02", cda(letter), person, control_id=name, at=at)
        first = self.began - timedelta(hours=3) + timedelta(minutes=turn * len(EVENTS))
        stay = Stay(f"V{person.ipp}-{turn}", f"D{person.ipp}-{turn}", "I", _PLACE, first)
        if event == "A03":
            stay = replace(stay, discharged_at=at, exit_mode="8")
        return message(event, person, control_id=name, at=at, stay=stay, movement=Movement(f"M{name}", at))


@dataclass
class Sending:
    """Stop-and-wait on each connection, as an establishment's software does: what is not acknowledged goes again."""

    port: int
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, flow: Flow, *, failed: Callable[[Exception], None]) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._guarded, args=(lane, failed), daemon=True) for lane in flow.lanes()
        ]
        for thread in threads:
            thread.start()
        return threads

    def _guarded(self, lane: Iterator[tuple[str, bytes]], failed: Callable[[Exception], None]) -> None:
        try:
            self._send_all(lane)
        except Exception as error:  # noqa: BLE001 -- told to the thread that waits
            failed(error)

    def _send_all(self, lane: Iterator[tuple[str, bytes]]) -> None:
        client: Client | None = None
        for name, content in lane:
            while name not in self.acknowledged:
                try:
                    client = client or Client(HOST, self.port, timeout=20)
                    with self._lock:
                        self.sent += 1
                    answer = client.send(content)
                except (NoAnswer, OSError):
                    client = _closed(client)
                    time.sleep(_PAUSE)
                    continue
                self._note(name, answer.code, answer.control_id)
        _closed(client)

    def _note(self, name: str, code: str, about: str) -> None:
        """AE says "not recorded, send it again"; AR would never change."""
        with self._lock:
            if code == "AA" and about == name:
                self.acknowledged.add(name)
                return
            self.refused[code] += 1
        if code != "AE":
            raise RuntimeError(f"{name} was answered {code} about {about}")
        time.sleep(_PAUSE)


def _closed(client: Client | None) -> None:
    if client is not None:
        client.close()
