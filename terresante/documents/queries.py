from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.core.paginator import Page as Pages
from django.core.paginator import Paginator
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from terresante.care_team.access import writes_class
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.panel import audience_panel
from terresante.documents.access import DOCUMENT_READ
from terresante.documents.enums import (
    CLASS_OF,
    FAMILIES,
    HERS_ALONE,
    RECEIVED_ONLY,
    DocumentStatus,
    DocumentType,
)
from terresante.documents.models import DocumentReference
from terresante.documents.reading import HeaderCode
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.ports import Original
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import AudiencePanel
from terresante.kernel.ui.links import link
from terresante.kernel.words import FRENCH, said, sought, terms
from terresante.patients.models import Patient
from terresante.terminology.enums import KnownSet
from terresante.terminology.queries import judged

PER_PAGE = 20
KINDS = (FeedKind.DOCUMENT, FeedKind.DOCUMENT_REPLACED)
# One whose results are read is told by them (`results`), under its own key: the same unread dot, the same reading.
TOLD_AS = (*KINDS, FeedKind.RESULT)
WITHDRAWN, UNREAD = "retires", "non-lus"
_NOT_BY_HAND = RECEIVED_ONLY | HERS_ALONE
# Said whoever is in the circle, as for notes: to say it only when somebody is kept from view would tell of him.
_END = (
    "Chaque ouverture et chaque téléchargement sont tracés. Le document reste au dossier avec votre signature. Un suivi"
    " que la personne garde pour elle (psychiatrie, addictologie) n’est pas nommé ici."
)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    document: DocumentReference
    is_unread: bool
    is_mine: bool
    month: str


@dataclass(frozen=True, slots=True)
class DocumentPage:
    lines: list[DocumentLine]
    page: Pages[Any]
    total: int
    unread: int


def documents_of(actor: Actor, patient_id: UUID) -> QuerySet[DocumentReference]:
    """Current versions, the latest paper first; the key only separates papers of one day."""
    return (
        access.list(actor, DOCUMENT_READ, DocumentReference, patient_id=patient_id)
        .filter(status=DocumentStatus.CURRENT)
        .order_by("-dated_on", "-recorded_at", "pk")
    )


def document_page(
    actor: Actor, patient_id: UUID, *, family: str = "", view: str = "", words: str = "", number: int = 1
) -> DocumentPage:
    """A page beyond the last one is the last one; an unknown family or view is no filter."""
    tab = _OfTab(family if family in FAMILIES else "", view if view in (WITHDRAWN, UNREAD) else "")
    found = _saying(_chosen(actor, patient_id, tab), words) if words else None
    total = _how_many(actor, patient_id, tab) if found is None else found.count()
    page = Paginator(range(total), PER_PAGE).get_page(number)
    if found is None:
        rows = _listed(actor, patient_id, tab, page.number)
    else:
        rows = list(_of_page(found, actor, patient_id, page.number))
    return DocumentPage(
        lines=_lines(actor, rows),
        page=page,
        total=total,
        unread=_how_many(actor, patient_id, _OfTab("", UNREAD)),
    )


@dataclass(frozen=True, slots=True)
class _OfTab:
    """Closed lists both: a shape of the question, never a value of it."""

    family: str
    view: str


@compiled.number
def _how_many(actor: Actor, patient_id: UUID, tab: _OfTab) -> QuerySet[DocumentReference]:
    return _chosen(actor, patient_id, tab)


@compiled.rows
def _listed(actor: Actor, patient_id: UUID, tab: _OfTab, number: int) -> QuerySet[DocumentReference]:
    return _of_page(_chosen(actor, patient_id, tab), actor, patient_id, number)


def _of_page(
    documents: QuerySet[DocumentReference], actor: Actor, patient_id: UUID, number: int
) -> QuerySet[DocumentReference]:
    is_unread = ExpressionWrapper(_is_unread(actor, patient_id), BooleanField())
    shown = documents.annotate(is_unread=is_unread)
    return shown[(number - 1) * PER_PAGE : number * PER_PAGE]


def _saying(documents: QuerySet[DocumentReference], words: str) -> QuerySet[DocumentReference]:
    """Every word stands in the title, in the name of the type, in the signature or in the place: what a line shows."""
    if not terms(words):
        return documents.none()
    shown = SearchVector(
        "title", "written_by", "author_name", "organization_name", "file_name", config=FRENCH
    )
    documents = documents.alias(words=shown)
    for term in terms(words):
        documents = documents.filter(Q(words=said(sought(term))) | Q(type__in=_types_named(term)))
    return documents


def _types_named(term: str) -> list[DocumentType]:
    root = wording.plain(term).rstrip("sx")
    return [one for one in DocumentType if root and _begins_one(root, wording.plain(one.label))]


def _begins_one(root: str, label: str) -> bool:
    return any(word.startswith(root) for word in label.split())


def _chosen(actor: Actor, patient_id: UUID, tab: _OfTab) -> QuerySet[DocumentReference]:
    if tab.view == WITHDRAWN:
        documents = withdrawn_of(actor, patient_id)
    else:
        documents = documents_of(actor, patient_id)
    if tab.view == UNREAD:
        documents = documents.filter(_is_unread(actor, patient_id))
    return documents.filter(type__in=FAMILIES[tab.family][1]) if tab.family else documents


def withdrawn_of(actor: Actor, patient_id: UUID) -> QuerySet[DocumentReference]:
    return (
        access.list(actor, DOCUMENT_READ, DocumentReference, patient_id=patient_id)
        .filter(status=DocumentStatus.ENTERED_IN_ERROR)
        .order_by("-withdrawn_at", "pk")
    )


def original(actor: Actor, patient_id: UUID, key: UUID) -> Original | None:
    """The document that something was taken from, for who reads it."""
    read = access.list(actor, DOCUMENT_READ, DocumentReference, patient_id=patient_id)
    row = read.filter(pk=key).first()
    return Original(row.title, link("documents:one", row.record_id, row.pk)) if row else None


def versions_of(actor: Actor, document: DocumentReference) -> list[DocumentReference]:
    """The whole history, the latest first."""
    versions = access.list(actor, DOCUMENT_READ, DocumentReference).filter(
        patient_id=document.patient_id, set_id=document.set_id
    )
    return list(versions.order_by("-version"))


def types_filed_by(actor: Actor) -> list[tuple[str, list[DocumentType]]]:
    """By family, those whose class this actor's profession writes."""
    families = [
        (label, [one for one in types if one not in _NOT_BY_HAND and writes_class(actor, CLASS_OF[one])])
        for label, types in FAMILIES.values()
    ]
    return [(label, types) for label, types in families if types]


@dataclass(frozen=True, slots=True)
class CodesSaid:
    """`facts`, in French, from the loaded lists or else from the sender; `outside`, what a loaded list has not."""

    facts: tuple[tuple[str, str], ...] = ()
    outside: tuple[str, ...] = ()


def codes_said(codes: Sequence[HeaderCode], *, type_label: str) -> CodesSaid:
    verdicts = judged([(one.known, one.code) for one in codes]) if codes else []
    facts, outside = [], []
    for one, verdict in zip(codes, verdicts, strict=True):
        name = one.known.label.partition(" (")[0]
        label = verdict.label or one.label
        # The page says the type already, in the words of its own list.
        if label and (one.known is not KnownSet.TYPE or label != type_label):
            facts.append((name, label))
        if not verdict.is_listed:
            outside.append(
                f"{name} : le code « {one.code} » n’est pas dans la nomenclature chargée (version {verdict.version})."
            )
    return CodesSaid(tuple(facts), tuple(outside))


def panel_of(patient: Patient, draft: Draft) -> AudiencePanel:
    """« Qui verra ceci ? » before a document is filed."""
    return audience_panel(patient, draft, of="le document", end=_END)


def _is_unread(actor: Actor, patient_id: UUID) -> Q:
    """Of a document, some version that this reader has not opened.

    The sets are gathered once for a page: joined to the facts, they made of five hundred documents 250,000 pairs, each
    past the policies.
    """
    facts = feed.unread(actor, patient_id).filter(kind__in=TOLD_AS)
    told = DocumentReference.objects.filter(
        patient_id=patient_id, pk__in=facts.values("object_id").order_by()
    )
    return Q(set_id__in=told.values("set_id").order_by())


def _lines(actor: Actor, documents: Sequence[Any]) -> list[DocumentLine]:
    months = wording.month_titles(document.dated_on for document in documents)
    return [
        DocumentLine(
            document=document,
            is_unread=document.is_unread,
            is_mine=document.author_id is not None and document.author_id == actor.person_id,
            month=month,
        )
        for document, month in zip(documents, months, strict=True)
    ]
