"""A document as a list shows it, drawn at once: tag after tag, twenty of them took half of the page (docs/bench.md)."""

from django.utils.safestring import SafeString

from terresante.documents.enums import DocumentStatus
from terresante.documents.models import DocumentReference
from terresante.documents.queries import DocumentLine
from terresante.kernel.ui.lines import month_title, tag_list, unread_tag
from terresante.kernel.ui.links import link
from terresante.kernel.ui.templatetags.ui import html, icon, when
from terresante.kernel.ui.wording import file_size

_LINE = (
    '{month}<article class="card note-card document-card" id="document-{key}">'
    '<span class="document-kind">{drawing}</span><div><h4 class="note-author"><a href="{url}">{title}</a> {unread}</h4>'
    '<div class="note-meta">{dated}\u00a0· {signed}</div>{withdrawn}{tags}</div></article>'
)
_SHARED = ("eye", "Visible par la personne")
_UNREAD = unread_tag("Non lu")
_WITHDRAWN = '<p class="mb-0">Retiré par {name}, {at}\u00a0: {reason}</p>'


def line_of(line: DocumentLine, *, with_month: bool) -> SafeString:
    document = line.document
    return html(
        _LINE,
        month=month_title(line.month if with_month else ""),
        key=str(document.pk),
        drawing=icon("image" if document.is_image else "file-text"),
        url=link("documents:one", document.record_id, document.pk),
        title=document.title,
        unread=_UNREAD if line.is_unread else "",
        dated=document.dated,
        signed=_signed(document, is_mine=line.is_mine),
        withdrawn=_withdrawn(document) if document.is_withdrawn else "",
        tags=tag_list([_file(document), *(one for one in _told(document) if one != _SHARED)]),
    )


def _signed(document: DocumentReference, *, is_mine: bool) -> str:
    if document.is_from_patient:
        return html("<b>déposé par {role}</b>", role=document.author_role)
    if document.written_by:
        return document.written_by
    return f"{document.author_name}, {document.author_role.lower()}{' (moi)' if is_mine else ''}"


def _withdrawn(document: DocumentReference) -> SafeString:
    return html(
        _WITHDRAWN,
        name=document.withdrawn_by_name,
        at=when(document.withdrawn_at),
        reason=document.withdrawn_reason,
    )


def tags(document: DocumentReference) -> SafeString:
    """On its page, which names its file: its version, and who reads it. A list only says who does not."""
    return tag_list(_told(document))


def _file(document: DocumentReference) -> tuple[str, str]:
    return "", f"{document.get_media_type_display()}, {file_size(document.size)}"


def _told(document: DocumentReference) -> list[tuple[str, str]]:
    told = []
    if document.version > 1:
        told.append(("history", f"Version {document.version}"))
    if document.status == DocumentStatus.SUPERSEDED:
        told.append(("history", "Remplacé"))
    told.append(_readers(document))
    if document.hidden_from_representative:
        told.append(("eye-off", "Masqué aux représentants et aidants"))
    return told


def _readers(document: DocumentReference) -> tuple[str, str]:
    if document.private_to_person_id:
        return "lock", "Moi seulement"
    if document.private_to_id:
        return "lock", f"{document.organization_name} seulement"
    if document.sector:
        return "lock", f"Suivi restreint\u00a0: {document.get_sector_display().lower()}"
    if document.hidden_from_patient:
        return "eye-off", "Non visible par la personne"
    return _SHARED
