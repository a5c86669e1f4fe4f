"""How a structured document (CDA R2) is read for its page: a port, bound once in config/ports.py.

The file stays as its author signed it; what is shown is read from it each time, so that no page shows an older reading.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.safestring import SafeString

from terresante.documents.models import DocumentReference
from terresante.kernel.errors import NotFound
from terresante.kernel.files import vault
from terresante.terminology.enums import KnownSet


@dataclass(frozen=True, slots=True)
class Passage:
    """A section; `depth` is 1 for those of the document. `html` is of the reader's own elements, escaped by it."""

    title: str
    html: SafeString
    depth: int = 1


@dataclass(frozen=True, slots=True)
class HeaderCode:
    """A code of the header, and the label that its sender gave it: to be looked for in its published list."""

    known: KnownSet
    code: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """`facts` are what its header says that the document's own line does not: (label, value)."""

    passages: tuple[Passage, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    codes: tuple[HeaderCode, ...] = ()
    has_paper: bool = False
    # Who signed it electronically, and whether it is what he signed; '' when it carries no signature.
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of a part: a treatment and its dosage, an appointment and its day, an allergy."""

    strong: str
    text: str = ""
    note: str = ""
    on: date | None = None
    # What the letter itself says of a treatment: « nouveau », « modifié ».
    change: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a letter says under one head: its own words, and what its codes say when there are some."""

    title: str
    html: SafeString
    lines: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """A letter of discharge in the order in which a home reads it; a part it does not have is None."""

    reason: Part | None = None
    synthesis: Part | None = None
    stopped: Part | None = None
    treatments: Part | None = None
    follow_up: Part | None = None
    awaited: Part | None = None
    allergies: Part | None = None
    devices: Part | None = None
    # Titles of what stands in the letter and not here.
    others: tuple[str, ...] = ()
    # As its own status says: another one follows.
    is_provisional: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    has_paper: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing but its file: level 1, or sections of another kind of document."""
        return not any(
            (
                *(self.reason, self.synthesis, self.stopped, self.treatments),
                *(self.follow_up, self.awaited, self.allergies, self.devices),
            )
        )


class DocumentReader(Protocol):
    def read(self, content: bytes) -> Reading:
        """Raises NotFound for what cannot be read."""

    def discharge(self, content: bytes) -> Discharge:
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


def discharge_of(document: DocumentReference) -> Discharge | None:
    """None for a letter that is no more than its file. Raises NotFound when the file is lost."""
    return _reader().discharge(_content(document)) if document.is_structured else None


def paper_of(document: DocumentReference) -> bytes:
    """Raises NotFound for a structured document that carries no PDF."""
    return _reader().paper(_content(document))


def _content(document: DocumentReference) -> bytes:
    return b"".join(vault.read(document.file, size=document.size))


def _reader() -> DocumentReader:
    if bound.reader is None:
        raise NotFound
    return bound.reader
