from collections.abc import Collection
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.documents.queries import KINDS, TOLD_AS, documents_of
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


def document_told(actor: Actor, patient_id: UUID) -> Subquery:
    """The document in force of which a fact tells a version: what a line of the page is."""
    told = DocumentReference.objects.filter(pk=OuterRef(OuterRef("object_id"))).values("set_id")
    return Subquery(documents_of(actor, patient_id).order_by().filter(set_id__in=told).values("set_id")[:1])


# Also those whose results are read: on a telephone no other tab tells of them.
tab_counts("documents", *TOLD_AS, once=document_told)


# Of its forty columns, what its line says.
_TOLD = (
    "type",
    "title",
    "sender_identifier",
    "organization_name",
    "is_from_patient",
    "author_name",
    "author_role",
    "record_id",
)


@compiled.rows
def _documents(actor: Actor, keys: list[UUID]) -> QuerySet[DocumentReference]:
    return access.list(actor, DOCUMENT_READ, DocumentReference).filter(among("pk", keys)).only(*_TOLD)


def _line(kind: str, document: DocumentReference) -> FactLine:
    kinds = [lowered(document.get_type_display())]
    if kind == FeedKind.DOCUMENT_REPLACED:
        kinds.append("nouvelle version")
    return FactLine(
        strong=document.title,
        text=f", {', '.join(kinds)}",
        source=document.filing,
        url=link("documents:one", document.record_id, document.pk),
        icon="file-text",
    )
