from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.documents.queries import KINDS
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown, tab_counts
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import lowered


@fact_shown(*KINDS)
def documents_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    rows = {row.pk: row for row in _documents(actor, [pk for _, pk in keys])}
    return {(kind, pk): _line(kind, rows[pk]) for kind, pk in keys if pk in rows}


tab_counts("documents", *KINDS)


@compiled.rows
def _documents(actor: Actor, keys: list[UUID]) -> QuerySet[DocumentReference]:
    return access.list(actor, DOCUMENT_READ, DocumentReference).filter(among("pk", keys))


def _line(kind: str, document: DocumentReference) -> FactLine:
    kinds = [lowered(document.get_type_display())]
    if kind == FeedKind.DOCUMENT_REPLACED:
        kinds.append("nouvelle version")
    return FactLine(
        strong=document.title,
        text=f", {', '.join(kinds)}",
        source=f"déposé par {document.filed_by}",
        url=link("documents:one", document.record_id, document.pk),
        icon="file-text",
    )
