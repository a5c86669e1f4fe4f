"""CDA documents over MLLP: acknowledged, filed, and seen; beside lxml reading each and a bare durable insert of it."""

import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg
from lxml import etree

from bench.hospital import AUTHORITY, Hospital, Known, together
from bench.report import Figure, at_most
from config.local.database import Urls
from config.local.places import HOST, say
from simulators.hospital.client import Client
from simulators.hospital.documents import Author, Letter, Passage, cda, oru, table
from simulators.hospital.messages import PARIS, Person

CONNECTIONS = 4
# Of a discharge letter as hospitals write them, in bytes, on the wire a third more.
SIZE = 37_000
# Documents a second while the delay is measured, and the delay that users are promised (MISSION H2: 60 s).
PACE, IN_TIME = 5.0, 60.0
_AUTHOR = Author("10000000017", "Paul", "MARTEL", "Hôpital du banc", "770000010")
_LINE = ("Paracétamol 500 mg, comprimé", "1 comprimé matin, midi et soir pendant 5 jours, si douleur")


def figures(urls: Urls, hospital: Hospital, port: int, *, seconds: float) -> list[Figure]:
    """The listener and the worker run already."""
    number = int(40 * seconds)
    say(f"    {number} documents de {SIZE // 1000} ko")
    messages, letters = _written(hospital, number)
    bare = _bare(urls, letters)
    before = _filed(urls)
    began = time.monotonic()
    accepted = _sent(messages, port)
    acknowledged = accepted / (time.monotonic() - began)
    _until_filed(urls, before + accepted)
    filed = (_filed(urls) - before) / (time.monotonic() - began)
    late = _delays(urls, hospital, port, seconds=seconds)
    return [
        Figure(name="lxml : lire le CDA, puis une insertion durable", value=bare, unit="/s"),
        Figure(name=f"documents acquittés, {CONNECTIONS} connexions", value=acknowledged, unit="/s"),
        Figure(
            name="documents déposés, de l’envoi au dernier",
            value=filed,
            unit="/s",
            baseline=bare,
            ratio=bare / filed,
        ),
        at_most(f"de l’acquittement au document visible, 95e centile, {PACE:g}/s", late, "s", aim=IN_TIME),
    ]


def _written(hospital: Hospital, number: int, first: int = 0) -> tuple[list[bytes], list[bytes]]:
    now = datetime.now(PARIS)
    letters = [_letter(hospital, index, now) for index in range(first, first + number)]
    messages = [
        oru((letter,), _person(hospital.people[index % len(hospital.people)]), control_id=f"{hospital.run}P{index}",
            at=now, code="11490-0")
        for index, letter in enumerate(letters, start=first)
    ]  # fmt: skip
    return messages, letters


def _letter(hospital: Hospital, index: int, at: datetime) -> bytes:
    lines = SIZE // len("<tr><td></td><td></td></tr>".join(_LINE))
    treatments = table(("Médicament", "Posologie"), *[_LINE] * lines)
    return cda(
        Letter(
            identifier=f"1.2.250.1.999.2.{int(hospital.run.rstrip('-'), 16)}.{index}",
            person=_person(hospital.people[index % len(hospital.people)]),
            author=_AUTHOR,
            at=at,
            passages=(Passage("10183-2", "Traitements à la sortie", treatments),),
        )
    )


def _person(known: Known) -> Person:
    return Person(
        known.ipp, known.birth_name, known.given_name, known.birth_date, known.sex, "94028", AUTHORITY
    )


def _bare(urls: Urls, letters: Sequence[bytes]) -> float:
    began = time.monotonic()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        for letter in letters:
            etree.fromstring(letter)
            connection.execute("INSERT INTO bench_bare (raw) VALUES (%s)", [letter])
    return len(letters) / (time.monotonic() - began)


def _sent(messages: Sequence[bytes], port: int) -> int:
    counts = [0] * CONNECTIONS

    def send(slot: int) -> None:
        with Client(HOST, port) as client:
            counts[slot] = sum(client.send(each).is_accepted for each in messages[slot::CONNECTIONS])

    together(send, CONNECTIONS)
    return sum(counts)


def _delays(urls: Urls, hospital: Hospital, port: int, *, seconds: float) -> float:
    """Seconds, 95th percentile."""
    number = max(int(PACE * seconds), 2)
    messages, _ = _written(hospital, number, first=1_000_000)
    waits: dict[int, float] = {}
    before = _filed(urls)
    answered: list[float] = []
    with Client(HOST, port) as client:
        began = time.monotonic()
        for index, message in enumerate(messages):
            time.sleep(max(0.0, began + index / PACE - time.monotonic()))
            client.send(message)
            answered.append(time.monotonic())
            _note(urls, before, answered, waits)
    for _ in _ticks(within=IN_TIME):
        _note(urls, before, answered, waits)
        if len(waits) == number:
            break
    delays = [waits.get(index, IN_TIME * 2) for index in range(number)]
    return statistics.quantiles(delays, n=20)[-1]


def _note(urls: Urls, before: int, answered: Sequence[float], waits: dict[int, float]) -> None:
    """They are filed in the order they came."""
    for index in range(len(waits), min(_filed(urls) - before, len(answered))):
        waits[index] = time.monotonic() - answered[index]


def _until_filed(urls: Urls, number: int) -> None:
    for _ in _ticks(within=300):
        if _filed(urls) >= number:
            return


def _ticks(*, within: float) -> Iterator[None]:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def _filed(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT count(*) FROM documents_documentreference WHERE sender_identifier <> ''"
        ).fetchone()
    return int(row[0]) if row else 0
