"""Hospital messages over MLLP: acknowledged after commit, drained, and told to a browser in time."""

import datetime
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import hl7  # type: ignore[import-untyped]  # the peer we compare with has no types
import psycopg

from bench.listening import Listeners
from bench.load import Get
from bench.pages import Side
from bench.report import Figure, at_least
from bench.serving import free_port
from config.local.database import Urls
from config.local.places import HOST, say
from simulators.hospital.client import Client
from simulators.hospital.messages import PARIS, Authority, Movement, Person, Place, Stay, message

CONNECTIONS = 8
BURST_AIM, SUSTAINED_AIM = 4000, 300  # messages a second
IN_TIME = 1.0  # seconds, from the answer to the browser, for 95 % of the messages
STEPS = (5, 10, 25, 50, 100, 200, 300, 450)  # messages a second tried one after the other
_AUTHORITY = Authority("BENCH", "1.2.250.1.999.1")
_PLACE = Place(unit="7110", unit_code="7110", ward="MED", room="1", bed="1")
_PEOPLE = """
SELECT source.value, patient.birth_name, patient.birth_given_name, patient.birth_date::text, patient.sex
FROM patients_sourceidentity AS source JOIN patients_patient AS patient ON patient.id = source.patient_id
JOIN care_team_careteamparticipant AS own ON own.patient_id = patient.id
JOIN patients_identitydomain AS domain ON domain.id = source.domain_id AND domain.organization_id = own.organization_id
ORDER BY md5(patient.id::text) LIMIT %s
"""


@dataclass(frozen=True)
class Hospital:
    """Admissions of patients known by their IPP; each message is a new stay."""

    people: list[tuple[str, str, str, str, str]]
    run: str

    def admissions(self, *, first: int, number: int) -> list[bytes]:
        return [self._admission(index) for index in range(first, first + number)]

    def _admission(self, index: int) -> bytes:
        ipp, name, given, born, sex = self.people[index % len(self.people)]
        now = datetime.datetime.now(PARIS)
        person = Person(ipp, name, given, born, sex, "94028", _AUTHORITY)
        label = f"{self.run}{index}"
        return message(
            "A01",
            person,
            control_id=label,
            at=now,
            stay=Stay(label, label, "I", _PLACE, now),
            movement=Movement(label, now),
        )


def figures(side: Side, live_port: int, *, seconds: float) -> list[Figure]:
    """The worker runs already; the listener is started here, known by its port as in a demonstration."""
    urls = side.platform.urls
    port = free_port()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("UPDATE interop_sendersystem SET port = %s", [port])
        people = connection.execute(_PEOPLE, [20_000]).fetchall()
    side.platform.mllp(port)
    hospital = Hospital(list(people), run=f"{time.time_ns() // 1_000_000:x}-")
    found = _sustained(side, hospital, port, live_port, seconds=seconds)
    found += _burst(urls, hospital, port, seconds=seconds)
    found += _baselines(urls, hospital, seconds=min(seconds, 3))
    return found


def _burst(urls: Urls, hospital: Hospital, port: int, *, seconds: float) -> list[Figure]:
    counts = [0] * CONNECTIONS
    until = time.monotonic() + seconds

    def send(slot: int) -> None:
        with Client(HOST, port) as client:
            first = 1_000_000 * (slot + 1)
            while time.monotonic() < until:
                answers = client.send_pipelined(hospital.admissions(first=first, number=256))
                counts[slot] += sum(answer.is_accepted for answer in answers)
                first += 256

    began = time.monotonic()
    _together(send)
    spent = time.monotonic() - began
    waiting = _waiting(urls)
    rate = sum(counts) / spent
    drained = _drain_rate(urls, seconds=min(10.0, seconds * 2))
    return [
        at_least(f"messages acquittés en rafale, {CONNECTIONS} connexions", rate, "/s", aim=BURST_AIM),
        Figure(name="messages en attente à la fin de la rafale", value=waiting, unit=""),
        Figure(name="messages appliqués pendant l’écoulement", value=drained, unit="/s"),
        Figure(name="temps pour tout écouler (extrapolé)", value=waiting / max(drained, 0.1), unit="s"),
    ]


def _sustained(side: Side, hospital: Hospital, port: int, live_port: int, *, seconds: float) -> list[Figure]:
    """The highest step at which 95 % of the messages reach a browser within a second of their answer."""
    best, late_at_best = 0.0, 0.0
    first = 0
    with Listeners([_listener(side)], port=live_port) as listeners:
        for rate in STEPS:
            late = _step(side, hospital, port, listeners, rate=rate, first=first, seconds=seconds)
            first += int(rate * seconds) + 1
            say(f"    {rate} messages/s : 95e centile {late * 1000:.0f} ms")
            if late > IN_TIME:
                break
            best, late_at_best = float(rate), late
    return [
        at_least("messages soutenus, navigateur en moins de 1 s", best, "/s", aim=SUSTAINED_AIM),
        Figure(
            name="de l’acquittement au navigateur, 95e centile à ce débit",
            value=late_at_best * 1000,
            unit="ms",
        ),
    ]


def _step(
    side: Side, hospital: Hospital, port: int, listeners: Listeners, *, rate: int, first: int, seconds: float
) -> float:
    """Seconds from answer to browser, 95th percentile. The order of answers is the order of the stream."""
    content = hospital.admissions(first=first, number=int(rate * seconds))
    already, answered = listeners.heard, []
    with Client(HOST, port) as client:
        began = time.monotonic()
        for index, each in enumerate(content):
            time.sleep(max(0.0, began + index / rate - time.monotonic()))
            client.send(each)
            answered.append(time.monotonic())
    patience = time.monotonic() + 5
    while listeners.heard - already < len(content) and time.monotonic() < patience:
        time.sleep(0.05)
    heard = listeners.moments[already : already + len(content)]
    if len(heard) < 0.95 * len(content):
        _wait_until_drained(side.platform.urls)
        return float("inf")
    delays = [moment - sent for sent, moment in zip(answered, heard, strict=False)]
    return statistics.quantiles(delays, n=20)[-1] if len(delays) > 1 else delays[0]


def _listener(side: Side) -> str:
    """A session of the structure that the messages' patients belong to."""
    request: Get = side.workload.lists(large_structure=True)[0]
    return request.cookie


def _baselines(urls: Urls, hospital: Hospital, *, seconds: float) -> list[Figure]:
    content = hospital.admissions(first=50_000_000, number=2000)
    return [
        Figure(
            name="insertion SQL durable nue, une connexion",
            value=_bare_inserts(urls, content, seconds),
            unit="/s",
        ),
        Figure(
            name="python-hl7 : lire, insérer, acquitter (MLLP)",
            value=_python_hl7(urls, content, seconds),
            unit="/s",
        ),
    ]


def _bare_inserts(urls: Urls, content: list[bytes], seconds: float) -> float:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, raw bytea)")
        insert = "INSERT INTO bench_bare (raw) VALUES (%s)"
        return _rate(seconds, (partial(connection.execute, insert, [raw]) for raw in _again(content)))


def _python_hl7(urls: Urls, content: list[bytes], seconds: float) -> float:
    """A server of the usual kind: one thread a connection, parsed by python-hl7, inserted, then acknowledged."""
    with socket.create_server((HOST, 0)) as server:
        threading.Thread(target=_serve_python_hl7, args=(server, urls), daemon=True).start()
        with Client(HOST, int(server.getsockname()[1])) as client:
            return _rate(seconds, (partial(client.send, raw) for raw in _again(content)))


def _serve_python_hl7(server: socket.socket, urls: Urls) -> None:
    wire, _ = server.accept()
    received = b""
    with wire, psycopg.connect(urls.superuser, autocommit=True) as connection:
        while content := wire.recv(65_536):
            received += content
            while b"\x1c\r" in received:
                frame, _, received = received.partition(b"\x1c\r")
                parsed = hl7.parse(frame.lstrip(b"\x0b").decode())
                connection.execute("INSERT INTO bench_bare (raw) VALUES (%s)", [frame])
                wire.sendall(b"\x0b" + str(parsed.create_ack()).encode() + b"\x1c\r")


def _rate(seconds: float, gestures: Iterable[Callable[[], object]]) -> float:
    began, done = time.monotonic(), 0
    for gesture in gestures:
        gesture()
        done += 1
        if time.monotonic() - began > seconds:
            break
    return done / (time.monotonic() - began)


def _again(content: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from content


def _together(send: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=send, args=(slot,)) for slot in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _waiting(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT count(*) FROM interop_inboundmessage WHERE state = 'received'"
        ).fetchone()
    return int(row[0]) if row else 0


def _drain_rate(urls: Urls, *, seconds: float) -> float:
    began, before = time.monotonic(), _waiting(urls)
    while _waiting(urls) and time.monotonic() - began < seconds:
        time.sleep(0.5)
    return (before - _waiting(urls)) / (time.monotonic() - began)


def _wait_until_drained(urls: Urls, *, most: float = 30) -> None:
    began = time.monotonic()
    while _waiting(urls) and time.monotonic() - began < most:
        time.sleep(0.5)
