"""What the project leads of a structure read of their programmes: definitions, then references, dates and sums.

A patient's key or name never comes here. The reference is the inclusion's own: the structure finds whose it is in the
records of those it follows, and nowhere else. No INS goes out: that identifier serves care (L1111-8-1 CSP), not the
funding of an experiment; who bills gives the number of its own insured person in its own software.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_plans.access import PROGRAMME_MANAGE, SEQUENCES_READ
from terresante.care_plans.definition import Definition
from terresante.care_plans.enums import LeaveReason, LegalGround, VersionStatus
from terresante.care_plans.models import InvoiceBatch, Programme, ProgrammeVersion
from terresante.kernel import access, sql
from terresante.kernel.actor import Actor

# Lines of one page, and of one file: an experiment counts some thousands of inclusions a year.
ROWS_SHOWN = 100
MOST_EXPORTED = 100_000
BATCHES_SHOWN = 24
# What the form of a new programme begins with.
BEGINS = {"legal_ground": LegalGround.ARTICLE_51.value, "included_by": list(Definition().included_by)}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Counts:
    included: int
    running: int
    left: int
    late: int
    to_bill: int
    # In cents.
    to_bill_total: int


@dataclass(frozen=True, slots=True)
class SequenceTotal:
    """Of a period; `fee` in cents."""

    label: str
    fee: int
    complete: int
    billed: int

    @property
    def total(self) -> int:
        return self.fee * self.complete


@dataclass(frozen=True, slots=True)
class SequenceRow:
    """`fee` in cents; `batch` is None as long as it is not billed."""

    reference: str
    label: str
    round: int
    completed_on: date
    fee: int
    batch: int | None


@dataclass(frozen=True, slots=True)
class InclusionRow:
    reference: str
    version: int
    included_on: date
    left_on: date | None
    left_because: str
    steps: int
    done: int
    late: int

    @property
    def reason(self) -> str:
        return str(LeaveReason(self.left_because).label) if self.left_because else ""


def programmes_led(actor: Actor) -> list[tuple[Programme, list[ProgrammeVersion]]]:
    """Of the structure one works in, by title, each with its versions, the latest first."""
    programmes = list(access.list(actor, PROGRAMME_MANAGE, Programme).order_by("title", "pk"))
    versions: dict[UUID, list[ProgrammeVersion]] = {}
    rows = access.list(actor, PROGRAMME_MANAGE, ProgrammeVersion).order_by("-number", "pk")
    for version in rows.filter(programme_id__in=[one.pk for one in programmes]):
        versions.setdefault(version.programme_id, []).append(version)
    return [(one, versions.get(one.pk, [])) for one in programmes]


def versions_of(actor: Actor, programme: Programme) -> list[ProgrammeVersion]:
    rows = access.list(actor, PROGRAMME_MANAGE, ProgrammeVersion)
    return list(rows.filter(programme_id=programme.pk).order_by("-number", "pk"))


def draft_among(versions: Sequence[ProgrammeVersion]) -> ProgrammeVersion | None:
    return next((one for one in versions if one.status == VersionStatus.DRAFT), None)


def in_force_among(versions: Sequence[ProgrammeVersion]) -> ProgrammeVersion | None:
    return next((one for one in versions if one.status == VersionStatus.PUBLISHED), None)


def batches_of(actor: Actor, programme: Programme) -> QuerySet[InvoiceBatch]:
    rows = access.list(actor, SEQUENCES_READ, InvoiceBatch)
    return rows.filter(programme_id=programme.pk).order_by("-number", "pk")[:BATCHES_SHOWN]


def counts(programme: Programme) -> Counts:
    rows = sql.rows("SELECT * FROM programme_counts(%s)", programme.pk)
    return Counts(*rows[0]) if rows else Counts(0, 0, 0, 0, 0, 0)


def totals(programme: Programme, since: date, until: date) -> list[SequenceTotal]:
    rows = sql.rows("SELECT * FROM sequence_totals(%s, %s, %s)", programme.pk, since, until)
    return [SequenceTotal(*row) for row in rows]


def sequences(programme: Programme, since: date, until: date, *, most: int) -> list[SequenceRow]:
    rows = sql.rows(
        "SELECT * FROM programme_sequences(%s, %s, %s, NULL, %s)", programme.pk, since, until, most
    )
    return [SequenceRow(*row) for row in rows]


def sequences_in(batch: InvoiceBatch) -> list[SequenceRow]:
    rows = sql.rows(
        "SELECT * FROM programme_sequences(%s, NULL, NULL, %s, %s)",
        batch.programme_id,
        batch.pk,
        MOST_EXPORTED,
    )
    return [SequenceRow(*row) for row in rows]


def inclusions(programme: Programme, since: date, until: date, *, most: int) -> list[InclusionRow]:
    rows = sql.rows("SELECT * FROM programme_inclusions(%s, %s, %s, %s)", programme.pk, since, until, most)
    return [InclusionRow(*row) for row in rows]


def sequences_csv(programme: Programme, rows: Iterable[SequenceRow]) -> str:
    """One line a sequence: what the platform of billing of the experiment takes."""
    head = ("Référence", "Programme", "Séquence", "Occurrence", "Complète le", "Montant (€)", "Lot")
    lines = (
        (
            row.reference,
            programme.title,
            row.label,
            row.round,
            row.completed_on,
            euros(row.fee),
            row.batch or "",
        )
        for row in rows
    )
    return _csv(head, lines)


def inclusions_csv(programme: Programme, rows: Iterable[InclusionRow]) -> str:
    head = (
        *("Référence", "Programme", "Version", "Incluse le", "Sortie le", "Raison de la sortie"),
        *("Étapes", "Étapes faites", "Étapes en retard"),
    )
    lines = (
        (
            *(row.reference, programme.title, row.version, row.included_on, row.left_on or "", row.reason),
            *(row.steps, row.done, row.late),
        )
        for row in rows
    )
    return _csv(head, lines)


def _csv(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """As French spreadsheets read it: semicolons, a mark of UTF-8."""
    written = StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in line] for line in lines)
    return f"\ufeff{written.getvalue()}"


def _cell(value: object) -> str:
    """A title that begins as a formula is a text: a spreadsheet would run it (CWE-1236)."""
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def euros(cents: int) -> str:
    """« 149,50 », as French spreadsheets read it."""
    return f"{cents // 100},{cents % 100:02d}"
