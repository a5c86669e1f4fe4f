from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRecordChanged(Event):
    """A line was written, corrected, confirmed or refuted; object_id is its version in force. Pages ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthDeclared(Event):
    """The person, or who represents her, declared a line; object_id is it, `kind` the code of its fact."""

    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationTakenBack(Event):
    """By the person, or who represents her; object_id is the line that nobody had vouched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesOffered(Event):
    """A received document offers lines to the record, or one of them was settled; object_id is the document."""
