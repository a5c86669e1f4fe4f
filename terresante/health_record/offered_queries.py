"""What received documents offer, beside what the record says already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from terresante.care_plans.enums import StepState
from terresante.care_plans.models import PlannedStep
from terresante.care_plans.queries import steps_of
from terresante.documents.enums import DocumentStatus
from terresante.health_record.access import HEALTH_INTEGRATE, HEALTH_READ
from terresante.health_record.enums import OfferedKind, OfferedState
from terresante.health_record.models import HealthLine, OfferedLine
from terresante.health_record.offers import (
    is_close,
    is_close_step,
    is_same,
    is_same_step,
    line_of,
    said_again,
    step_again,
)
from terresante.health_record.queries import Kind, current_lines, kind_of
from terresante.health_record.said import Said, SaidStep
from terresante.kernel import access, compiled
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.ui.links import link

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
class WaitingStep:
    """Something planned; `same` is the step of the organised pathway that says it, `close` those of another day."""

    offer: OfferedLine
    said: SaidStep
    same: PlannedStep | None
    close: Sequence[PlannedStep]


@dataclass(frozen=True, slots=True)
class Settled:
    """`url`: of the line or the step that it became."""

    offer: OfferedLine
    label: str
    detail: str
    url: str


def waiting(actor: Actor, patient_id: UUID) -> tuple[list[Waiting], list[WaitingStep]]:
    """Lines, then steps; each fact once, of the latest document that says it."""
    rows = _waiting(actor, patient_id).select_related("document")
    rows = rows.order_by("kind", "-document__dated_on", "-document__recorded_at", "number", "pk")
    first: dict[tuple[str, str], OfferedLine] = {}
    for row in rows[: 3 * MOST_SHOWN]:
        first.setdefault((row.kind, row.sameness), row)
    shown = list(first.values())[:MOST_SHOWN]
    planned = [row for row in shown if row.kind == OfferedKind.STEP]
    lines = _beside_lines(actor, patient_id, [row for row in shown if row.kind != OfferedKind.STEP])
    return lines, _beside_steps(actor, patient_id, planned) if planned else []


def _beside_lines(actor: Actor, patient_id: UUID, rows: Sequence[OfferedLine]) -> list[Waiting]:
    known = {kind: _known(actor, patient_id, kind) for kind in {row.kind for row in rows}}
    order = list(OfferedKind.values)
    return sorted(
        (_beside(row, known[row.kind]) for row in rows), key=lambda one: order.index(one.offer.kind)
    )


def _beside_steps(actor: Actor, patient_id: UUID, rows: Sequence[OfferedLine]) -> list[WaitingStep]:
    known = [step for step in steps_of(actor, patient_id) if step.state != StepState.CANCELLED]
    found = []
    for row in rows:
        said = step_again(row.said)
        same = next((step for step in known if is_same_step(said, step)), None)
        close = [step for step in known if is_close_step(said, step) and step is not same]
        found.append(WaitingStep(row, said, same, close))
    return found


@compiled.number
def count_waiting(actor: Actor, patient_id: UUID) -> QuerySet[OfferedLine, Any]:
    return _waiting(actor, patient_id).values("kind", "sameness").distinct().order_by()


@compiled.number
def count_to_integrate(actor: Actor, patient_id: UUID) -> QuerySet[OfferedLine, Any]:
    """Of those that this actor may settle."""
    rows = _waiting(actor, patient_id, HEALTH_INTEGRATE)
    return rows.values("kind", "sameness").distinct().order_by()


def settled(actor: Actor, patient_id: UUID) -> list[Settled]:
    """The latest first."""
    rows = access.list(actor, HEALTH_READ, OfferedLine, patient_id=patient_id)
    rows = rows.exclude(state=OfferedState.WAITING).select_related("document")
    return [_settled(row) for row in rows.order_by("-settled_at", "pk")[:_SETTLED_SHOWN]]


def _settled(row: OfferedLine) -> Settled:
    if row.kind == OfferedKind.STEP:
        step = step_again(row.said)
        url = link("care_plans:step", row.record_id, row.line_id) if row.line_id else ""
        return Settled(row, step.title, step.detail, url)
    line = line_of(_said(row))
    at = reverse("health_record:one", args=[row.record_id, row.kind, row.line_id]) if row.line_id else ""
    return Settled(row, line.label, line.detail, at)


def _waiting(actor: Actor, patient_id: UUID, action: Action = HEALTH_READ) -> QuerySet[OfferedLine]:
    """Of documents in force; what another document said and somebody settled does not come back."""
    read = access.list(actor, HEALTH_READ, OfferedLine, patient_id=patient_id)
    rows = access.list(actor, action, OfferedLine, patient_id=patient_id)
    done = read.exclude(state=OfferedState.WAITING).filter(
        kind=OuterRef("kind"), sameness=OuterRef("sameness")
    )
    return rows.filter(state=OfferedState.WAITING, document__status=DocumentStatus.CURRENT).exclude(
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
