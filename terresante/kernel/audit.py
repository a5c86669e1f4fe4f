"""Append-only trail of who did what, on whom, why. Writes leave their row in their own transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils import timezone

from terresante.kernel import sql, together
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.models import AuditEntry

# Key of `detail` that says on whose behalf it was done. Not a column: sealed rows would no longer read as sealed.
FOR = "for"
# Key of `detail` that says by which application.
THROUGH = "through"


@dataclass(frozen=True, slots=True)
class ReadNote:
    action: Action
    patient_id: UUID | None = None
    about: Model | None = None
    purpose: Purpose | None = None


@dataclass(slots=True)
class Trail:
    """What was recorded inside one action or noted during one page."""

    written: int = 0
    reads: list["ReadNote"] = field(default_factory=list)


_trail: ContextVar[Trail | None] = ContextVar("audit_trail", default=None)


def record(
    actor: Actor,
    action: Action,
    *,
    patient_id: UUID | None = None,
    about: Model | None = None,
    outcome: Outcome = Outcome.DONE,
    detail: dict[str, Any] | None = None,
) -> None:
    """Writes one row. `detail` holds codes and identifiers, never clinical content."""
    together.write(entry(actor, action, patient_id=patient_id, about=about, outcome=outcome, detail=detail))
    trail = _trail.get()
    if trail is not None:
        trail.written += 1


def note_read(
    action: Action,
    *,
    patient_id: UUID | None = None,
    about: Model | None = None,
    purpose: Purpose | None = None,
) -> None:
    """Says what the page being built shows; the row is written after its read-only transaction."""
    trail = _trail.get()
    if trail is None:
        raise RuntimeError("note_read() is called while a page is read")
    trail.reads.append(ReadNote(action, patient_id, about, purpose))


def record_reads(actor: Actor, trail: Trail, *, page: Action) -> None:
    """One row per thing the page showed, or one for the page when it shows nobody's record in particular."""
    together.insert(
        [
            entry(
                actor.with_purpose(read.purpose) if read.purpose else actor,
                read.action,
                patient_id=read.patient_id,
                about=read.about,
            )
            for read in trail.reads or [ReadNote(page)]
        ]
    )


@contextmanager
def collecting() -> Iterator[Trail]:
    trail = Trail()
    token = _trail.set(trail)
    try:
        yield trail
    finally:
        _trail.reset(token)
        outer = _trail.get()
        if outer is not None:
            outer.written += trail.written


def ensure_partitions(months_ahead: int = 24) -> int:
    """Creates the missing monthly partitions; returns how many months ahead the table now reaches."""
    return int(sql.value("SELECT ensure_audit_partitions(%s)", months_ahead))


def entry(
    actor: Actor,
    action: Action,
    *,
    patient_id: UUID | None = None,
    about: Model | None = None,
    outcome: Outcome = Outcome.DONE,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """The row, not yet written; `at`: of what was done before it is told."""
    return AuditEntry(
        at=at or timezone.now(),
        action=action.code,
        outcome=outcome,
        patient_id=patient_id,
        object_type=about._meta.label_lower if about is not None else "",
        object_id=about.pk if about is not None else None,
        actor_kind=actor.kind,
        user_id=actor.user_id,
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        actor_name=actor.name,
        actor_role=actor.role_label,
        organization_name=actor.organization_name,
        purpose=actor.purpose,
        channel=actor.channel,
        correlation_id=actor.correlation_id,
        detail={**(detail or {}), **_around(actor)},
    )


def _around(actor: Actor) -> dict[str, Any]:
    said = {FOR: actor.on_behalf_of, THROUGH: actor.software}
    return {key: name for key, name in said.items() if name}
