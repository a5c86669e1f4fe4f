"""Pages and writes by HTTP: against bare Django, without the row policies, and from 10,000 to a million patients."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import psycopg

from bench.listening import Listeners
from bench.load import Get, Measured, Pace, Post, Refused, Upload, measure
from bench.readers import Workload
from bench.report import Figure, at_least, times_slower
from bench.serving import Platform
from config.local.database import Urls
from config.local.places import say

GROWTH = 1.3
TWICE = 2.0
WARMING, WARMING_SECONDS = 400, 15
_BARE_USER = "00000001-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Side:
    """One database as it is served: with its walls, and where asked without them."""

    platform: Platform
    workload: Workload
    port: int
    port_without_walls: int


@dataclass(frozen=True)
class Claim:
    name: str
    requests: Callable[[Workload], Sequence[Get | Post | Upload]]
    aim: float
    expected: int = 200


CLAIMS = (
    Claim("dossier ouvert", Workload.records, 230),
    Claim("recherche, deux lettres et date", Workload.searches, 900),
    Claim("mes patients (300), les 20 premiers", Workload.lists, 380),
    Claim("note créée", Workload.notes, 500, 302),
)


def figures(small: Side, large: Side, bare_port: int, pace: Pace) -> list[Figure]:
    empty = [Get("/empty/")]
    found = [_rate("vue vide (plafond du générateur et de Django)", _median(empty, bare_port, pace))]
    for claim in CLAIMS:
        say(f"  {claim.name}…")
        try:
            found += measured(claim, small, large, bare_port, pace)
        except Refused as refusal:
            say(f"  {claim.name} : non mesuré, {refusal}")
    return found


def measured(claim: Claim, small: Side, large: Side, bare_port: int, pace: Pace) -> list[Figure]:
    reads = queries_of_one(claim, large, pace)
    bare = [Get(f"/reads/{reads}/{_BARE_USER}/")]
    runs: dict[str, list[Measured]] = {"large": [], "small": [], "unwalled": [], "bare": []}
    asked = claim.requests(large.workload)
    sides = (
        ("bare", bare, bare_port, 200),
        ("large", asked, large.port, claim.expected),
        ("unwalled", asked, large.port_without_walls, claim.expected),
        ("small", claim.requests(small.workload), small.port, claim.expected),
    )
    for _, requests, port, expected in sides:
        warm(requests, pace, port=port, expected=expected)
    for _ in range(pace.rounds):
        for key, requests, port, expected in sides:
            runs[key].append(measured_once(requests, pace, port=port, expected=expected))
    rates = {key: median(run.rate for run in several) for key, several in runs.items()}
    alone = measure(asked, port=large.port, clients=1, seconds=pace.seconds, expected=claim.expected)
    return [
        at_least(claim.name, rates["large"], "/s", aim=claim.aim),
        Figure(name=f"{claim.name} : médiane à un client", value=alone.median, unit="ms"),
        Figure(
            name=f"{claim.name} : 95e centile à {pace.clients} clients",
            value=median(run.late for run in runs["large"]),
            unit="ms",
        ),
        times_slower(
            f"{claim.name} : vue nue de {reads} lectures", rates["large"], than=rates["bare"], most=TWICE
        ),
        times_slower(f"{claim.name} : sans politiques de ligne", rates["large"], than=rates["unwalled"]),
        times_slower(f"{claim.name} : à 10 000 patients", rates["large"], than=rates["small"], most=GROWTH),
    ]


def measured_once(
    requests: Sequence[Get | Post | Upload], pace: Pace, *, port: int, expected: int = 200
) -> Measured:
    return measure(requests, port=port, clients=pace.clients, seconds=pace.seconds, expected=expected)


def warm(requests: Sequence[Get | Post | Upload], pace: Pace, *, port: int, expected: int) -> None:
    """Each connection plans a statement some seven times before it keeps its plan.

    At most five times as long as what is measured then.
    """
    began, answered = time.monotonic(), 0
    one = replace(pace, seconds=pace.no_longer_than(1))
    while answered < WARMING and time.monotonic() - began < min(WARMING_SECONDS, 5 * pace.seconds):
        answered += measured_once(requests, one, port=port, expected=expected).answered


def delivered(side: Side, live_port: int, pace: Pace) -> list[Figure]:
    """Notes while a stream of each author listens: what arrives, and how late the last of them is."""
    requests = side.workload.notes_of_several(64)
    authors = [post.cookie for post in requests]
    urls = side.platform.urls
    _wait_until_told(urls)
    before = _notes(urls)
    with Listeners(authors, port=live_port) as listeners:
        run = measured_once(requests, pace, port=side.port, expected=302)
        ended = time.monotonic()
        # Those too that were written for a client who had stopped waiting.
        written = _notes(urls) - before
        while listeners.heard < written and time.monotonic() - ended < 60:
            time.sleep(0.05)
        late = time.monotonic() - ended
        heard = listeners.heard
    return [
        at_least("note créée et annoncée en direct", run.rate, "/s", aim=500),
        Figure(
            name="note annoncée à son auteur, par note créée",
            value=heard / written,
            unit="",
            bound="= 1",
            holds=heard == written,
        ),
        Figure(name="dernière annonce après la dernière note", value=late, unit="s"),
    ]


def _notes(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute("SELECT count(*) FROM notes_note").fetchone()
    return int(row[0]) if row else 0


def _wait_until_told(urls: Urls, *, most: float = 60) -> None:
    """What earlier measures emitted must not be counted as heard."""
    began = time.monotonic()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        while time.monotonic() - began < most:
            row = connection.execute(
                "SELECT 1 FROM kernel_outboxevent WHERE position IS NULL LIMIT 1"
            ).fetchone()
            if row is None:
                return
            time.sleep(0.2)


def _median(requests: Sequence[Get | Post], port: int, pace: Pace) -> float:
    return median(measured_once(requests, pace, port=port).rate for _ in range(pace.rounds))


def _rate(name: str, value: float) -> Figure:
    return Figure(name=name, value=value, unit="/s")


def queries_of_one(claim: Claim, side: Side, pace: Pace) -> int:
    """Statements that read or write rows, counted by the server over requests of one client, for a second at most."""
    urls = side.platform.urls
    requests = claim.requests(side.workload)[:1]
    measure(requests, port=side.port, clients=1, seconds=pace.no_longer_than(0.5), expected=claim.expected)
    before = _statements(urls)
    run = measure(
        requests, port=side.port, clients=1, seconds=pace.no_longer_than(1), expected=claim.expected
    )
    return max(1, round((_statements(urls) - before) / run.answered))


def _statements(urls: Urls) -> int:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            "   AND userid = 'terresante_app'::regrole AND query ~* '^(select|insert|update|delete|with)'"
            "   AND query !~* '^select set_config'"
        ).fetchone()
    return int(row[0]) if row else 0
