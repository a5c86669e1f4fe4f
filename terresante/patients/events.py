from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesMerged(Event):
    """patient_id is the identity that goes on, object_id the merge."""

    dead_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesUnmerged(Event):
    """Two persons again; patient_id is the one that had gone on, object_id the merge."""

    dead_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityMoved(Event):
    """Merged into another, or its own again: patient_id is the identity that was merged, object_id the merge.

    Told beside the two above, which name the identity that goes on: each has its circle and its open pages.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesChanged(Event):
    """Pairs that look like one person were found, or a pair was told apart: object_id, of which patient_id is one.

    For the identity desk alone.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathChanged(Event):
    """Noted, or cleared by the identity desk: open pages say it."""
