"""Hospital messages over MLLP: acknowledged after commit, drained, and told to a browser in time.

The machine is shared with the load, and perhaps with other work: each rate says the load it was measured under, and a
step that fails is tried once more before it is believed.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from bench import papers
from bench.hospital import Hospital, Known, burst, together
from bench.listening import Listeners
from bench.load import Get
from bench.pages import Side
from bench.processor import spent as processor_spent
from bench.report import Figure, at_least
from bench.serving import free_port
from config.local.database import Urls
from config.local.places import HOST, ROOT, say
from simulators.hospital.client import Client

CONNECTIONS = 8
SENDERS = 24  # connections that share a sustained rate: each waits for its answer before its next message
BURST_AIM, SUSTAINED_AIM = 4000, 300  # messages a second
IN_TIME = 1.0  # seconds, from the answer to the browser, for 95 % of the messages
STEPS = (25, 50, 100, 150, 200, 250, 300, 400, 500)  # messages a second tried one after the other
STEP_SECONDS = 10.0
DRAINED_WITHIN = 180.0
_PEOPLE = """
SELECT patient.id::text, source.value, patient.birth_name, patient.birth_given_name, patient.birth_date::text,
       patient.sex
FROM patients_sourceidentity AS source JOIN patients_patient AS patient ON patient.id = source.patient_id
JOIN care_team_careteamparticipant AS own ON own.patient_id = patient.id
JOIN patients_identitydomain AS domain ON domain.id = source.domain_id AND domain.organization_id = own.organization_id
ORDER BY md5(patient.id::text) LIMIT %s
"""


def figures(side: Side, live_port: int, *, seconds: float, steps: Sequence[int] = STEPS) -> list[Figure]:
    """The worker runs already; the listener is started here, known by its port as in a demonstration."""
    urls = side.platform.urls
    port = free_port()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("UPDATE interop_sendersystem SET port = %s", [port])
        people = [Known(*row) for row in connection.execute(_PEOPLE, [20_000])]
    side.platform.mllp(port)
    hospital = Hospital(people, run=f"{time.time_ns() // 1_000_000:x}-")
    found = _sustained(side, hospital, port, live_port, seconds=min(seconds, STEP_SECONDS), steps=steps)
    found += _burst(urls, hospital, port, seconds=seconds)
    return found + papers.figures(urls, hospital, port, seconds=seconds)


def _burst(urls: Urls, hospital: Hospital, port: int, *, seconds: float) -> list[Figure]:
    _drained(urls, within=DRAINED_WITHIN)
    for index in range(len(hospital.people)):  # written before the clock starts
        hospital.admission(index)
    say(f"    rafale de {seconds:g} s, charge {_load()}")
    rate = burst(hospital, port, first=1_000_000, connections=CONNECTIONS, seconds=seconds)
    waiting, began, processor = _waiting(urls), time.monotonic(), processor_spent()
    rest = _drained(urls, within=DRAINED_WITHIN)
    spent, processor = time.monotonic() - began, processor_spent() - processor
    drained = (waiting - rest) / spent
    with _peer(urls) as peer_port:
        peer = burst(hospital, peer_port, first=50_000_000, connections=CONNECTIONS, seconds=min(seconds, 5))
    return [
        Figure(
            name=f"messages acquittés en rafale, {CONNECTIONS} connexions",
            value=rate,
            unit="/s",
            baseline=peer,
            ratio=rate / peer,
            bound=f"≥ {BURST_AIM} /s",
            holds=rate >= BURST_AIM,
        ),
        Figure(name="python-hl7 : lire, insérer, acquitter, 8 connexions", value=peer, unit="/s"),
        Figure(
            name="insertion SQL durable nue, une connexion",
            value=_bare_inserts(urls, hospital, seconds=min(seconds, 2)),
            unit="/s",
        ),
        Figure(name="messages en attente à la fin de la rafale", value=waiting, unit=""),
        Figure(name="messages appliqués pendant l’écoulement", value=drained, unit="/s"),
        Figure(
            name="processeur d’un message appliqué, annoncé, ses courriels en file",
            value=processor / max(waiting - rest, 1) * 1000,
            unit="ms",
        ),
        Figure(
            name="temps pour tout écouler" + (" (extrapolé)" if rest else ""),
            value=spent + rest / max(drained, 0.1),
            unit="s",
        ),
    ]


@dataclass(frozen=True)
class _Step:
    """What became of the messages sent at one rate."""

    rate: float  # a second, as really sent
    late: float  # seconds from answer to browser, 95th percentile; infinite when more than 5 % never came
    behind: int  # messages that waited when the last one was sent

    @property
    def holds(self) -> bool:
        return self.late <= IN_TIME and self.behind <= self.rate * IN_TIME


def _sustained(
    side: Side, hospital: Hospital, port: int, live_port: int, *, seconds: float, steps: Sequence[int]
) -> list[Figure]:
    """The highest step at which 95 % of the messages reach a browser within a second of their answer."""
    best = _Step(0.0, 0.0, 0)
    first = 0
    with Listeners([_listener(side)], port=live_port) as listeners:
        for rate in steps:
            for _ in range(2):
                step = _step(
                    side.platform.urls, hospital, port, listeners, rate=rate, first=first, seconds=seconds
                )
                first += int(rate * seconds)
                say(
                    f"    {rate} demandés, {step.rate:.0f} messages/s : 95e centile {step.late * 1000:.0f} ms,"
                    f" {step.behind} en attente, charge {_load()}"
                )
                if step.holds:
                    break
                _drained(side.platform.urls, within=60)
            if not step.holds:
                break
            best = max(best, step, key=lambda each: each.rate)
    return [
        at_least("messages soutenus, navigateur en moins de 1 s", best.rate, "/s", aim=SUSTAINED_AIM),
        Figure(
            name="de l’acquittement au navigateur, 95e centile à ce débit", value=best.late * 1000, unit="ms"
        ),
    ]


def _step(
    urls: Urls, hospital: Hospital, port: int, listeners: Listeners, *, rate: int, first: int, seconds: float
) -> _Step:
    """Each message is about somebody else: the stream tells whom, hence when each reached the browser."""
    number = int(rate * seconds)
    answered: dict[str, float] = {}
    began = time.monotonic() + 0.2

    def send(slot: int) -> None:
        with Client(HOST, port) as client:
            for index in range(slot, number, SENDERS):
                time.sleep(max(0.0, began + index / rate - time.monotonic()))
                client.send(hospital.admission(first + index))
                answered[hospital.patient(first + index)] = time.monotonic()

    listeners.forget()
    together(send, SENDERS)
    spent = time.monotonic() - began
    behind = _waiting(urls)
    _until(lambda: len(listeners.told) >= number, within=2 + 2 * IN_TIME)
    told = dict(listeners.told)
    delays = [told.get(patient, float("inf")) - moment for patient, moment in answered.items()]
    return _Step(number / spent, statistics.quantiles(delays, n=20)[-1], behind)


def _listener(side: Side) -> str:
    """A session of the structure that the messages' patients belong to."""
    request: Get = side.workload.lists(large_structure=True)[0]
    return request.cookie


def _bare_inserts(urls: Urls, hospital: Hospital, *, seconds: float) -> float:
    began, done = time.monotonic(), 0
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        while time.monotonic() - began < seconds:
            connection.execute("INSERT INTO bench_bare (raw) VALUES (%s)", [hospital.admission(done)])
            done += 1
    return done / (time.monotonic() - began)


@contextmanager
def _peer(urls: Urls) -> Iterator[int]:
    """In a process of its own, as the listener is."""
    argv = [sys.executable, "-m", "bench.peer", urls.superuser]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else "")
        finally:
            process.kill()


def _waiting(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT count(*) FROM interop_inboundmessage WHERE state = 'received'"
        ).fetchone()
    return int(row[0]) if row else 0


def _drained(urls: Urls, *, within: float) -> int:
    """How many still wait after that many seconds."""
    _until(lambda: not _waiting(urls), within=within)
    return _waiting(urls)


def _until(is_so: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"
