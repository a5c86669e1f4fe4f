from dataclasses import dataclass
from uuid import UUID

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFiled(Event):
    """object_id is the version; the live stream asks its reading limits again for each person connected."""

    by_user_id: UUID | None = None
    # Accounts of those to whom its sender addressed it, separated by commas.
    addressed_to: str = ""

    @property
    def addressees(self) -> frozenset[str]:
        return frozenset(self.addressed_to.split(",")) - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanged(Event):
    """Replaced, withdrawn, shared or no longer: lists of documents are asked again."""
