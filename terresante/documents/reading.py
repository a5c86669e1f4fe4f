"""How a structured document (CDA R2) is read for its page: a port, bound once in config/ports.py.

The file stays as its author signed it; what is shown is read from it each time, so that no page shows an older reading.
"""

from dataclasses import dataclass
from typing import Protocol

from django.utils.safestring import SafeString

from terresante.documents.models import DocumentReference
from terresante.kernel.errors import NotFound
from terresante.kernel.files import vault


@dataclass(frozen=True, slots=True)
class Passage:
    """A section; `depth` is 1 for those of the document. `html` is of the reader's own elements, escaped by it."""

    title: str
    html: SafeString
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """`facts` are what its header says that the document's own line does not: (label, value)."""

    passages: tuple[Passage, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    has_paper: bool = False


class DocumentReader(Protocol):
    def read(self, content: bytes) -> Reading:
        """Raises NotFound for what cannot be read."""

    def paper(self, content: bytes) -> bytes:
        """The PDF that the document carries. Raises NotFound."""


@dataclass(slots=True)
class Binding:
    """Empty until config/ports.py is loaded."""

    reader: DocumentReader | None = None


bound = Binding()


def reading_of(document: DocumentReference) -> Reading | None:
    """None for a document that is no more than its file. Raises NotFound when the file is lost."""
    return _reader().read(_content(document)) if document.is_structured else None


def paper_of(document: DocumentReference) -> bytes:
    """Raises NotFound for a structured document that carries no PDF."""
    return _reader().paper(_content(document))


def _content(document: DocumentReference) -> bytes:
    return b"".join(vault.read(document.file, size=document.size))


def _reader() -> DocumentReader:
    if bound.reader is None:
        raise NotFound
    return bound.reader
