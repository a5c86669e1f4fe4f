from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import writes_class
from terresante.care_team.enums import Confidentiality
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import (
    Limits,
    kept_inside,
    level_by_default,
    limits_of,
    limits_on,
    sector_of,
)
from terresante.documents.access import (
    DOCUMENT_READ,
    DOCUMENT_REPLACE,
    DOCUMENT_SHARE,
    DOCUMENT_WITHDRAW,
    DOCUMENT_WRITE,
)
from terresante.documents.enums import CLASS_OF, HERS_ALONE, TITLE_MAX_LENGTH, DocumentStatus, DocumentType
from terresante.documents.events import DocumentChanged, DocumentFiled
from terresante.documents.models import DocumentReference
from terresante.feed.actions import Fact, limit_again, tell, withdraw
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.files import vault
from terresante.kernel.files.receiving import Received
from terresante.kernel.ui.wording import long_date, one_line
from terresante.patients.models import CareRecord
from terresante.terminology.enums import KnownSet
from terresante.terminology.queries import refuse_unlisted

_OLDEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """`received` is a file already put away; `written_by` is empty when its author is who files it; without
    `level`, it is read at the default of who files it.
    """

    received: Received
    type: DocumentType
    title: str
    dated_on: date
    written_by: str = ""
    level: Confidentiality | None = None
    hidden_from_representative: bool = False


@action
def file_document(actor: Actor, record_id: UUID, *, document: NewDocument) -> DocumentReference:
    """Raises Refused for a type whose class the actor does not write, Invalid for a title or a date, Conflict for a
    file that the record already has, as far as the actor may know.
    """
    record = open_record(actor, record_id, action=DOCUMENT_WRITE).record
    _refuse_unwritten(actor, record, document.type)
    refuse_unlisted(KnownSet.TYPE, document.type)
    refuse_known(actor, record, document.received)
    row = _row(actor, record, document, _chosen(actor, record, document))
    save_filed(row)
    tell(actor, fact_of(row))
    emit(actor, DocumentFiled(**row.told(), by_user_id=actor.user_id))
    trace(actor, DOCUMENT_WRITE, row, type=row.type)
    return row


@action
def replace_document(
    actor: Actor,
    record_id: UUID,
    document_id: UUID,
    *,
    received: Received,
    dated_on: date,
    written_by: str = "",
) -> DocumentReference:
    """A new version, read by the same persons; the one before stays in the history. Raises as `file_document`."""
    record = open_record(actor, record_id, action=DOCUMENT_WRITE).record
    before = _mine(actor, record, document_id, DOCUMENT_REPLACE)
    refuse_known(actor, record, received)
    document = NewDocument(
        received=received,
        type=DocumentType(before.type),
        title=before.title,
        dated_on=dated_on,
        written_by=written_by,
    )
    row = _row(actor, record, document, limits_on(before))
    row.set_id, row.version, row.replaces = before.set_id, before.version + 1, before
    change(before, status=DocumentStatus.SUPERSEDED)
    save_filed(row)
    tell(actor, fact_of(row))
    emit(actor, DocumentChanged(**row.told()))
    trace(actor, DOCUMENT_REPLACE, row, replaces=str(before.pk))
    return row


@action
def share_document(actor: Actor, record_id: UUID, document_id: UUID, *, shared: bool) -> DocumentReference:
    """Shows this version and those before to the person, or no longer. Raises Conflict when nothing would change."""
    record = open_record(actor, record_id, action=DOCUMENT_WRITE).record
    row = _mine(actor, record, document_id, DOCUMENT_SHARE)
    if not row.is_for_circle:
        raise Refused(
            "Ce document est réservé à quelques-uns : déposez-le pour le cercle avant de le partager."
        )
    if row.hidden_from_patient != shared:
        raise Conflict("C’est déjà fait : rechargez la page.")
    versions = DocumentReference.objects.filter(patient_id=row.patient_id, set_id=row.set_id)
    for version in versions.order_by("version"):
        change(version, hidden_from_patient=not shared)
        limit_again(version.patient_id, fact_of(version))
    row.hidden_from_patient = not shared
    emit(actor, DocumentChanged(**row.told()))
    trace(actor, DOCUMENT_SHARE, row, shared=shared)
    return row


@action
def withdraw_document(actor: Actor, record_id: UUID, document_id: UUID, *, reason: str) -> DocumentReference:
    """Filed by mistake: nobody opens it any more; the line and its reason stay. Raises Invalid without a reason."""
    record = open_record(actor, record_id, action=DOCUMENT_WRITE).record
    row = _mine(actor, record, document_id, DOCUMENT_WITHDRAW)
    said = " ".join(reason.split())
    if not said or len(said) > 300:
        sentence = "Dites pourquoi en une phrase, de 300 caractères au plus."
        raise Invalid("Le motif manque ou est trop long.", fields={"reason": sentence})
    take_back(row, actor, said)
    withdraw(row.patient_id, row.pk)
    emit(actor, DocumentChanged(**row.told()))
    trace(actor, DOCUMENT_WITHDRAW, row)
    return row


def _mine(actor: Actor, record: CareRecord, document_id: UUID, act: Action) -> DocumentReference:
    row = access.get(actor, act, DocumentReference, document_id, lock=True)
    if row.record_id != record.pk:
        raise NotFound
    return row


def _refuse_unwritten(actor: Actor, record: CareRecord, type_: DocumentType) -> None:
    data_class = CLASS_OF[type_]
    if type_ in HERS_ALONE or not writes_class(actor, data_class):
        raise Refused(f"Votre profession ne dépose pas de document « {type_.label} ».")
    if not covers(actor, record.patient_id, data_class):
        raise Refused(
            f"La personne n’a pas consenti pour « {data_class.label} » : ce document ne peut pas être déposé."
        )


def refuse_known(actor: Actor, record: CareRecord, received: Received) -> None:
    known = access.list(actor, DOCUMENT_READ, DocumentReference).filter(
        patient_id=record.patient_id, sha256=received.stored.sha256, status=DocumentStatus.CURRENT
    )
    for row in known[:1]:
        raise Conflict(
            f"Ce fichier est déjà dans le dossier : « {row.title} », déposé le {long_date(row.recorded_at)}."
        )


def _chosen(actor: Actor, record: CareRecord, document: NewDocument) -> Limits:
    sector = sector_of(actor)
    limits = kept_inside(limits_of(actor, document.level or level_by_default(sector), sector), record)
    return replace(limits, hidden_from_representative=document.hidden_from_representative)


def _row(actor: Actor, record: CareRecord, document: NewDocument, limits: Limits) -> DocumentReference:
    if actor.person_id is None or actor.organization_id is None:
        raise Refused("Seul un professionnel rattaché à une structure dépose un document.")
    row = DocumentReference(
        patient=record.patient,
        record=record,
        type=document.type,
        data_class=CLASS_OF[document.type],
        title=checked_title(document.title),
        dated_on=checked_day(document.dated_on),
        written_by=" ".join(document.written_by.split())[:120],
        author_id=actor.person_id,
        author_name=actor.name,
        author_role=actor.role_label,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        **file_columns(document.received),
        **asdict(limits),
    )
    row.set_id = row.pk
    return row


def file_columns(received: Received) -> dict[str, Any]:
    """What a row says of the file that was put away."""
    return {
        "file_id": received.stored.file_id,
        "file_name": received.name,
        "media_type": received.kind,
        "size": received.stored.size,
        "sha256": received.stored.sha256,
        "sha1": received.stored.sha1,
    }


def checked_title(title: str) -> str:
    said = one_line(title)
    if not said or len(said) > TITLE_MAX_LENGTH:
        sentence = f"Donnez un titre de {TITLE_MAX_LENGTH} caractères au plus."
        raise Invalid("Le titre manque ou est trop long.", fields={"title": sentence})
    return said


def checked_day(day: date) -> date:
    if not _OLDEST <= day <= timezone.localdate():
        sentence = "Donnez le jour écrit sur le document : il n’est pas dans le futur."
        raise Invalid("La date du document est à corriger.", fields={"dated_on": sentence})
    return day


def save_filed(row: DocumentReference) -> None:
    vault.keep(row.file_id)
    row.save(force_insert=True)


def change(row: DocumentReference, **values: Any) -> None:
    values["changed_at"] = timezone.now()
    DocumentReference.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)


def take_back(row: DocumentReference, actor: Actor, reason: str) -> None:
    """Nobody opens it any more; the line and its reason stay."""
    change(
        row,
        status=DocumentStatus.ENTERED_IN_ERROR,
        withdrawn_at=timezone.now(),
        withdrawn_by_name=actor.name,
        withdrawn_reason=reason,
    )


def fact_of(row: DocumentReference) -> Fact:
    kind = FeedKind.DOCUMENT if row.version == 1 else FeedKind.DOCUMENT_REPLACED
    return Fact(kind=kind, occurred_at=row.recorded_at, **row.told())


def trace(actor: Actor, act: Action, row: DocumentReference, **detail: Any) -> None:
    kept = limits_on(row).in_trail
    audit.record(actor, act, patient_id=row.patient_id, about=row, detail={**detail, **kept})
