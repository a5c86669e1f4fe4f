"""What the person, or who represents her by law, files from her own space: read by her circle, or by nobody yet."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from terresante.care_team.queries import open_record
from terresante.documents.access import OWN_DOCUMENT_WRITE
from terresante.documents.actions import (
    change,
    checked_day,
    checked_title,
    fact_of,
    file_columns,
    refuse_known,
    save_filed,
    take_back,
)
from terresante.documents.enums import CLASS_OF, OWN_TYPES, DocumentType
from terresante.documents.events import DocumentFiled, OwnDocumentChanged
from terresante.documents.models import DocumentReference
from terresante.feed.actions import tell, withdraw
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.events import emit
from terresante.kernel.files.receiving import Received
from terresante.patients.enums import Sex

_HERSELF = {Sex.FEMALE.value: "la patiente", Sex.MALE.value: "le patient"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocument:
    """`kept`: her circle does not read it yet."""

    received: Received
    type: DocumentType
    title: str
    dated_on: date
    kept: bool


@action
def file_own_document(actor: Actor, record_id: UUID, *, document: OwnDocument) -> DocumentReference:
    """Raises Invalid for a type that is not hers, a title or a date, Conflict for a file she reads already."""
    record = open_record(actor, record_id, action=OWN_DOCUMENT_WRITE).record
    if document.type not in OWN_TYPES:
        raise Invalid("Choisissez ce qu’est ce document.", fields={"type": "Choisissez dans la liste."})
    refuse_known(actor, record, document.received)
    row = DocumentReference(
        patient=record.patient,
        record=record,
        type=document.type,
        data_class=CLASS_OF[document.type],
        title=checked_title(document.title),
        dated_on=checked_day(document.dated_on),
        author_name=actor.name,
        author_role=_said(actor, record.patient.sex),
        is_from_patient=True,
        kept_to_patient=document.kept,
        **file_columns(document.received),
    )
    row.set_id = row.pk
    save_filed(row)
    _changed(actor, row, filed=True)
    return row


@action
def show_own_document(actor: Actor, record_id: UUID, document_id: UUID, *, kept: bool) -> DocumentReference:
    """Shows it to her circle, or hides it again. Raises Conflict when nothing would change."""
    row = _own(actor, record_id, document_id)
    if row.kept_to_patient == kept:
        raise Conflict("C’est déjà fait : rechargez la page.")
    change(row, kept_to_patient=kept)
    _changed(actor, row, kept=kept)
    return row


@action
def withdraw_own_document(actor: Actor, record_id: UUID, document_id: UUID) -> DocumentReference:
    """Nobody opens it any more; that it was there stays known to who could read it."""
    row = _own(actor, record_id, document_id)
    take_back(row, actor, f"Retiré par {row.author_role}")
    _changed(actor, row, withdrawn=True)
    return row


def tell_of_own_document(job: Actor, patient_id: UUID, document_id: UUID) -> None:
    """In the feed of the circle while it may read the document, else out of it. Asked again, it changes nothing."""
    rls.open_record(patient_id)
    row = DocumentReference.objects.filter(pk=document_id, patient_id=patient_id).first()
    if row is None:
        return
    if not row.is_current or row.kept_to_patient:
        withdraw(patient_id, row.pk)
        return
    tell(job, fact_of(row))
    emit(job, DocumentFiled(**row.told(), by_patient=True))


def _own(actor: Actor, record_id: UUID, document_id: UUID) -> DocumentReference:
    record = open_record(actor, record_id, action=OWN_DOCUMENT_WRITE).record
    row = access.get(actor, OWN_DOCUMENT_WRITE, DocumentReference, document_id)
    if row.record_id != record.pk:
        raise NotFound
    return row


def _said(actor: Actor, sex: str) -> str:
    if actor.kind == ActorKind.PATIENT:
        return _HERSELF.get(sex, "la personne")
    return "la personne qui représente " + _HERSELF.get(sex, "la personne")


def _changed(actor: Actor, row: DocumentReference, **detail: Any) -> None:
    """The audit row about what she keeps to herself is private: it would tell her circle that it is there."""
    if row.kept_to_patient or detail.get("kept") is not None:
        detail["private_to_person"] = str(row.patient_id)
    audit.record(actor, OWN_DOCUMENT_WRITE, patient_id=row.patient_id, about=row, detail=detail)
    emit(actor, OwnDocumentChanged(object_id=row.pk, owner_id=row.patient_id))
