"""Chains committed audit rows, under a database role of its own, so that whoever changes one is found out.

A batch covers the transactions from_xid <= xid < to_xid, where to_xid is below every running one: nothing can join it
later. Its digest runs over its rows in (xid, seq) order; its head hashes the previous head, the bounds and the digest.
Each head is also written outside the database (`heads` file, meant for another machine): a cut tail or a chain
rewritten from some point on no longer meets the heads kept there.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_LOCK = 7_301_002
_ROWS = """
SELECT to_jsonb(entry)::text FROM kernel_auditentry AS entry
WHERE entry.xid >= %s::text::xid8 AND entry.xid < %s::text::xid8 ORDER BY entry.xid, entry.seq
"""
_SEALS = """
SELECT number, from_xid::text::bigint, to_xid::text::bigint, entries, digest::text, head::text
FROM kernel_auditseal ORDER BY number
"""
_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Seal:
    number: int
    from_xid: int
    to_xid: int
    entries: int
    digest: str
    head: str


class Sealer:
    """`connection` is autocommit and logs in as the sealer."""

    def __init__(self, connection: "psycopg.Connection[Any]", heads: Path) -> None:
        self.connection = connection
        self.heads = heads

    def seal(self) -> Seal | None:
        """One batch of what has committed since the last; None when there is nothing, or another sealer works."""
        with self.connection.transaction():
            if not self._one("SELECT pg_try_advisory_xact_lock(%s)", _LOCK):
                return None
            previous = self._last()
            start = previous.to_xid if previous else 0
            end = int(self._one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
            entries, digest = self._digest(start, end)
            if not entries:
                return None
            seal = _linked(previous, start, end, entries, digest)
            self.connection.execute(
                "INSERT INTO kernel_auditseal (number, from_xid, to_xid, entries, digest, head)"
                " VALUES (%s, %s::text::xid8, %s::text::xid8, %s, %s, %s)",
                [seal.number, start, end, entries, digest, seal.head],
            )
        self._copy_outside(seal)
        return seal

    def verify(self) -> list[str]:
        """What is wrong, one sentence per finding; empty when the trail is whole."""
        seals = self._all()
        return [*self._wrong_links(seals), *self._wrong_rows(seals), *self._wrong_heads(seals)]

    def _wrong_links(self, seals: list[Seal]) -> Iterable[str]:
        previous: Seal | None = None
        for seal in seals:
            start = previous.to_xid if previous else 0
            if seal != _linked(previous, start, seal.to_xid, seal.entries, seal.digest):
                yield f"le maillon {seal.number} ne prolonge pas le précédent"
            previous = seal

    def _wrong_rows(self, seals: list[Seal]) -> Iterable[str]:
        for seal in seals:
            entries, digest = self._digest(seal.from_xid, seal.to_xid)
            if entries != seal.entries:
                yield f"le maillon {seal.number} scellait {seal.entries} lignes, il en reste {entries}"
            elif digest != seal.digest:
                yield f"une ligne scellée par le maillon {seal.number} a été modifiée"

    def _wrong_heads(self, seals: list[Seal]) -> Iterable[str]:
        known = {seal.number: seal.head for seal in seals}
        lines = self.heads.read_text().splitlines() if self.heads.exists() else []
        kept = [json.loads(line) for line in lines]
        for copy in kept:
            if copy["number"] not in known:
                yield f"le maillon {copy['number']}, conservé hors de la base, n’y est plus"
            elif known[copy["number"]] != copy["head"]:
                yield f"le maillon {copy['number']} diffère de sa copie conservée hors de la base"
        # Whoever rewrites the chain would begin by taking the copies away.
        if alone := known.keys() - {copy["number"] for copy in kept}:
            yield f"{len(alone)} maillons sans copie hors de la base, le premier est le {min(alone)}"

    def _digest(self, start: int, end: int) -> tuple[int, str]:
        """(number of rows, SHA-256 over their text), streamed: a batch may be large."""
        digest, entries = hashlib.sha256(), 0
        with self.connection.transaction(), self.connection.cursor("sealed_rows") as rows:
            for (text,) in rows.execute(_ROWS, [start, end]):
                digest.update(text.encode() + b"\n")
                entries += 1
        return entries, digest.hexdigest()

    def _last(self) -> Seal | None:
        row = self.connection.execute(_SEALS + " DESC LIMIT 1").fetchone()
        return Seal(*row) if row else None

    def _all(self) -> list[Seal]:
        return [Seal(*row) for row in self.connection.execute(_SEALS)]

    def _one(self, query: str, *parameters: object) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def _copy_outside(self, seal: Seal) -> None:
        self.heads.parent.mkdir(parents=True, exist_ok=True)
        with self.heads.open("a") as kept:
            kept.write(json.dumps({"number": seal.number, "head": seal.head}) + "\n")


def _linked(previous: Seal | None, start: int, end: int, entries: int, digest: str) -> Seal:
    number = previous.number + 1 if previous else 1
    head = previous.head if previous else _GENESIS
    content = f"{head}|{number}|{start}|{end}|{entries}|{digest}"
    return Seal(number, start, end, entries, digest, hashlib.sha256(content.encode()).hexdigest())
