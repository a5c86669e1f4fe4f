"""What a professional reads through his software: by the rules of his screen, and nothing else (ITI-66, 67, 68).

A record that he does not reach is told from no record that does not exist: an empty Bundle, a 404.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from terresante.care_team.access import RECORD_READ
from terresante.care_team.queries import OpenRecord, open_record
from terresante.documents.access import DOCUMENT_DOWNLOAD, DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.interop.access import LIST_READ
from terresante.interop.fhir import writing
from terresante.interop.fhir.actions import Caller
from terresante.interop.fhir.outcome import Resource
from terresante.interop.fhir.searching import OF_DOCUMENTS, OF_LISTS, Number, Parameters, Search, read_search
from terresante.interop.matching import Local, links_of
from terresante.interop.models import DocumentList
from terresante.kernel import access, audit, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import NotFound
from terresante.patients.enums import IdentityStatus
from terresante.patients.identity_rules import INS_OIDS
from terresante.patients.models import CareRecord, IdentityDomain


@dataclass(frozen=True, slots=True)
class Page:
    resources: Sequence[Resource]
    total: int
    count: int


def patient_named(caller: Caller, number: Number) -> UUID | None:
    """Whose number of the structure it is. A matricule is looked for among one's own patients: None here."""
    if number.system in INS_OIDS:
        return None
    domain = IdentityDomain.objects.filter(
        organization=caller.access.organization, authority=number.system
    ).first()
    if domain is None:
        return None
    with rls.acting(Actor.job("fhir", channel=Channel.API), read_only=True):
        found = links_of([Local(domain, number.value)])
    return next((link.patient_id for link in found.values()), None)


def documents_found(actor: Actor, parameters: Parameters, *, named: UUID | None, start: int) -> Page:
    """In the professional's transaction. Raises Problem for a parameter that is not right."""
    search = read_search(parameters, OF_DOCUMENTS)
    opened = _opened(actor, search, named)
    if opened is None:
        return Page((), 0, search.count)
    audit.note_read(
        DOCUMENT_READ, patient_id=opened.patient.pk, about=opened.record, purpose=opened.purpose(actor)
    )
    rows = (
        access.list(actor, DOCUMENT_READ, DocumentReference)
        .filter(search.condition, patient_id=opened.patient.pk)
        .select_related("author", "organization")
        .order_by("-dated_on", "-recorded_at", "pk")
    )
    found = [writing.document(row, opened.patient) for row in rows[start : start + search.count]]
    return Page(found, rows.count(), search.count)


def lists_found(actor: Actor, parameters: Parameters, *, named: UUID | None, start: int) -> Page:
    """Without those of which he reads no document."""
    search = read_search(parameters, OF_LISTS)
    opened = _opened(actor, search, named)
    if opened is None:
        return Page((), 0, search.count)
    audit.note_read(
        LIST_READ, patient_id=opened.patient.pk, about=opened.record, purpose=opened.purpose(actor)
    )
    readable = _readable(actor, opened.patient.pk)
    rows = (
        access.list(actor, LIST_READ, DocumentList)
        .filter(search.condition, patient_id=opened.patient.pk, documents__overlap=list(readable))
        .select_related("organization")
        .order_by("-sent_at", "pk")
    )
    found = [writing.document_list(row, readable) for row in rows[start : start + search.count]]
    return Page(found, rows.count(), search.count)


def document_named(
    actor: Actor, key: UUID, action: Action = DOCUMENT_READ
) -> tuple[OpenRecord, DocumentReference]:
    """Raises NotFound, for what is not there as for what he does not read."""
    seen = access.list(actor, DOCUMENT_READ, DocumentReference).filter(pk=key)
    record_id = seen.values_list("record_id", flat=True).first()
    if record_id is None:
        raise NotFound
    opened = open_record(actor, record_id, action=DOCUMENT_READ)
    row = access.get(actor, action, DocumentReference, key, related=("file", "author", "organization"))
    audit.note_read(action, patient_id=opened.patient.pk, about=row, purpose=opened.purpose(actor))
    return opened, row


def content_named(actor: Actor, key: UUID) -> DocumentReference:
    return document_named(actor, key, DOCUMENT_DOWNLOAD)[1]


def list_named(actor: Actor, key: UUID) -> Resource:
    seen = access.list(actor, LIST_READ, DocumentList).filter(pk=key)
    record_id = seen.values_list("record_id", flat=True).first()
    if record_id is None:
        raise NotFound
    opened = open_record(actor, record_id, action=DOCUMENT_READ)
    row = access.get(actor, LIST_READ, DocumentList, key, related=("organization",))
    readable = _readable(actor, opened.patient.pk)
    if readable.isdisjoint(row.documents):
        raise NotFound
    audit.note_read(LIST_READ, patient_id=opened.patient.pk, about=row, purpose=opened.purpose(actor))
    return writing.document_list(row, readable)


def _opened(actor: Actor, search: Search, named: UUID | None) -> OpenRecord | None:
    records = access.list(actor, RECORD_READ, CareRecord)
    if search.patient.system in INS_OIDS:
        # A matricule that no document of high trust goes with names nobody (INTEROP.md 2).
        records = records.filter(
            patient__ins=search.patient.value,
            patient__ins_oid=search.patient.system,
            patient__identity_status=IdentityStatus.QUALIFIED,
        )
    elif named is not None:
        records = records.filter(patient_id=named)
    else:
        return None
    record_id = records.values_list("pk", flat=True).first()
    if record_id is None:
        return None
    try:
        return open_record(actor, record_id, action=DOCUMENT_READ)
    except NotFound:
        return None


def _readable(actor: Actor, patient_id: UUID) -> set[UUID]:
    rows = access.list(actor, DOCUMENT_READ, DocumentReference).filter(patient_id=patient_id)
    return set(rows.values_list("pk", flat=True))
