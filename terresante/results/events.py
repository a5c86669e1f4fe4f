from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFiled(Event):
    """Of a report without a document: those of a document are told with it (DocumentFiled)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsChanged(Event):
    """Corrected or withdrawn: lists of results are asked again."""
