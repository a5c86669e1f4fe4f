from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIncluded(Event):
    """object_id is the inclusion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayChanged(Event):
    """A step was done, moved, put aside, given to somebody or opened again; object_id is the inclusion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeLeft(Event):
    """object_id is the inclusion."""
