"""What received documents offer, beside what the record says already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from terresante.documents.enums import DocumentStatus
from terresante.health_record.access import HEALTH_INTEGRATE, HEALTH_READ
from terresante.health_record.enums import OfferedKind, OfferedState
from terresante.health_record.models import HealthLine, OfferedLine
from terresante.health_record.offers import is_close, is_same, line_of, said_again
from terresante.health_record.queries import Kind, current_lines, kind_of
from terresante.health_record.said import Said
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor

# More than one sitting; the rest comes as these are settled.
MOST_SHOWN = 60
_SETTLED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """One fact; `close` are lines of the record about the same thing, `same` the one that says it word for word."""

    offer: OfferedLine
    kind: Kind
    line: HealthLine
    same: HealthLine | None
    close: Sequence[HealthLine]

    @property
    def may_update(self) -> HealthLine | None:
        """The one line that this could bring up to date."""
        return self.close[0] if len(self.close) == 1 and self.same is None else None


@dataclass(frozen=True, slots=True)
class Settled:
    offer: OfferedLine
    kind: Kind
    line: HealthLine


def waiting(actor: Actor, patient_id: UUID) -> list[Waiting]:
    """Each fact once, of the latest document that says it."""
    rows = _waiting(actor, patient_id).select_related("document")
    rows = rows.order_by("kind", "-document__dated_on", "-document__recorded_at", "number", "pk")
    first: dict[tuple[str, str], OfferedLine] = {}
    for row in rows[: 3 * MOST_SHOWN]:
        first.setdefault((row.kind, row.sameness), row)
    known = {kind: _known(actor, patient_id, kind) for kind in {row.kind for row in first.values()}}
    found = [_beside(row, known[row.kind]) for row in list(first.values())[:MOST_SHOWN]]
    order = list(OfferedKind.values)
    return sorted(found, key=lambda one: order.index(one.offer.kind))


@compiled.number
def count_waiting(actor: Actor, patient_id: UUID) -> QuerySet[OfferedLine, Any]:
    return _waiting(actor, patient_id).values("kind", "sameness").distinct().order_by()


@compiled.number
def count_to_integrate(actor: Actor, patient_id: UUID) -> QuerySet[OfferedLine, Any]:
    """Of those that this actor may settle."""
    settled_by_him = access.list(actor, HEALTH_INTEGRATE, OfferedLine, patient_id=patient_id).values("pk")
    rows = _waiting(actor, patient_id).filter(pk__in=settled_by_him)
    return rows.values("kind", "sameness").distinct().order_by()


def settled(actor: Actor, patient_id: UUID) -> list[Settled]:
    """The latest first."""
    rows = access.list(actor, HEALTH_READ, OfferedLine).filter(patient_id=patient_id)
    rows = rows.exclude(state=OfferedState.WAITING).select_related("document")
    return [
        Settled(row, kind_of(row.kind), line_of(_said(row)))
        for row in rows.order_by("-settled_at", "pk")[:_SETTLED_SHOWN]
    ]


def _waiting(actor: Actor, patient_id: UUID) -> QuerySet[OfferedLine]:
    """Of documents in force; what another document said and somebody settled does not come back."""
    read = access.list(actor, HEALTH_READ, OfferedLine, patient_id=patient_id)
    done = read.exclude(state=OfferedState.WAITING).filter(
        kind=OuterRef("kind"), sameness=OuterRef("sameness")
    )
    return read.filter(state=OfferedState.WAITING, document__status=DocumentStatus.CURRENT).exclude(
        Exists(done)
    )


def _known(actor: Actor, patient_id: UUID, kind: str) -> list[HealthLine]:
    lines = current_lines(actor, patient_id, kind_of(kind).model)
    return [line for line in lines if not line.is_dismissed]


def _beside(offer: OfferedLine, known: Sequence[HealthLine]) -> Waiting:
    said = _said(offer)
    return Waiting(
        offer=offer,
        kind=kind_of(offer.kind),
        line=line_of(said),
        same=next((line for line in known if is_same(said, line)), None),
        close=[line for line in known if is_close(said, line) and not is_same(said, line)],
    )


def _said(offer: OfferedLine) -> Said:
    return said_again(OfferedKind(offer.kind), offer.said)
