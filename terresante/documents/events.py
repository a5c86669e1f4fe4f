from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFiled(Event):
    """object_id is the version; the live stream asks its reading limits again for each person connected."""

    by_user_id: UUID | None = None
    by_patient: bool = False
    # Accounts of those to whom its sender addressed it, separated by commas.
    addressed_to: str = ""

    @property
    def addressees(self) -> frozenset[str]:
        return frozenset(self.addressed_to.split(",")) - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanged(Event):
    """Replaced, withdrawn, shared or no longer: lists of documents are asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocumentChanged(Event):
    """The person filed a document, showed it, took it back. It names no patient: nobody is told live of what she may
    keep to herself; the handler reads it, and tells who may know.
    """

    owner_id: UUID
