"""A record that is full (2,000 notes, 500 documents, 1,000 facts of the timeline), and files in and out over HTTP."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg

from bench.cluster import FOLDER
from bench.load import Get, Pace, Post, Upload
from bench.pages import GROWTH, Claim, Side, measured, measured_once
from bench.readers import Pair, Workload, cookie
from bench.report import Figure, times_slower
from config.local.database import Urls
from config.local.places import say

NOTES = 2000
# Of a file sent and given, in bytes: a letter of three pages.
FILE_SIZE = 256_000


@dataclass(frozen=True)
class _Full:
    """The first record of a side, once it is full."""

    pair: Pair

    def page(self, rest: str) -> list[Get]:
        return [Get(f"/dossiers/{self.pair.record_id}/{rest}", cookie(self.pair.user_id))]

    def uploads(self) -> list[Upload]:
        fields = {
            "type": "11488-4",
            "title": "Banc de mesure",
            "dated_on": "2026-01-05",
            "written_by": "",
            "level": "shared",
            "relatives_see": "yes",
        }
        path = f"/dossiers/{self.pair.record_id}/documents/deposer/"
        return [Upload(path, cookie(self.pair.user_id), fields, FILE_SIZE)]


def figures(small: Side, large: Side, bare_port: int, pace: Pace) -> list[Figure]:
    sides = {side.platform.name: side for side in (small, large)}.values()
    for side in sides:
        fill(side.platform.urls, _full(side.workload).pair.record_id)
    found: list[Figure] = []
    for name, rest, aim in _PAGES:
        say(f"  {name}…")
        claim = Claim(name, _asks(rest), aim)
        found += measured(claim, small, large, bare_port, pace)
        ordinary = [
            Get(f"/dossiers/{pair.record_id}/{rest}", cookie(pair.user_id))
            for pair in large.workload.pairs[1:]
        ]
        rates = [
            _rate(requests, large.port, pace) for requests in (_full(large.workload).page(rest), ordinary)
        ]
        found.append(
            times_slower(f"{name} : la même d’un dossier ordinaire", rates[0], than=rates[1], most=GROWTH)
        )
    return found + _files(large, bare_port, pace)


_PAGES = (
    ("dossier plein ouvert", "", 230),
    ("ses 2 000 notes, les 20 premières", "notes/", 230),
    ("ses 500 documents, les 20 premiers", "documents/", 230),
    ("sa chronologie de 1 000 faits, les 30 premiers", "chronologie/", 230),
)


def fill(urls: Urls, record_id: UUID) -> None:
    """Once: a record that is full already is left as it is."""
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT count(*) FROM notes_note WHERE record_id = %s", [record_id]
        ).fetchone()
        if row is not None and row[0] >= NOTES:
            return
        connection.execute("SET session_replication_role = replica")
        connection.execute("SELECT set_config('bench.record', %s, false)", [str(record_id)])
        connection.execute(Path(__file__).with_name("full_record.sql").read_text())
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("ANALYZE notes_note, feed_feeditem, documents_documentreference")


def _files(side: Side, bare_port: int, pace: Pace) -> list[Figure]:
    """Sent: looked at, encrypted, filed, traced, told. Given: decrypted, traced. Bare: Django's own storage."""
    full = _full(side.workload)
    sent = _rate(full.uploads(), side.port, pace, expected=302)
    bare_sent = _rate([Upload("/upload/", "", {}, FILE_SIZE)], bare_port, pace, expected=302)
    given = _rate(full.page(f"documents/{_last_filed(side.platform.urls)}/telecharger/"), side.port, pace)
    bare_given = _rate([Get("/download/")], bare_port, pace)
    shutil.rmtree(FOLDER / "bare", ignore_errors=True)
    return [
        Figure(name="document de 256 ko déposé", value=sent, unit="/s"),
        times_slower("document déposé : Django nu", sent, than=bare_sent),
        Figure(name="document de 256 ko téléchargé", value=given, unit="/s"),
        times_slower("document téléchargé : Django nu", given, than=bare_given),
    ]


def _rate(requests: Sequence[Get | Post | Upload], port: int, pace: Pace, *, expected: int = 200) -> float:
    runs = [measured_once(requests, pace, port=port, expected=expected) for _ in range(pace.rounds + 1)]
    return median(run.rate for run in runs[1:])  # the first one warms


def _full(workload: Workload) -> _Full:
    return _Full(workload.pairs[0])


def _asks(rest: str) -> Callable[[Workload], Sequence[Get | Post | Upload]]:
    return lambda workload: _full(workload).page(rest)


def _last_filed(urls: Urls) -> UUID:
    with psycopg.connect(urls.superuser) as connection:
        row = connection.execute(
            "SELECT id FROM documents_documentreference WHERE title = 'Banc de mesure'"
            " ORDER BY recorded_at DESC LIMIT 1"
        ).fetchone()
    if row is None:
        raise LookupError("no file was filed")
    return UUID(str(row[0]))
