"""What the software of a structure files, replaces and takes back, over its wire (MISSION H3, DOMAIN 2.1)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.queries.limits import Limits, limits_on
from terresante.directory.enums import UnitSensitivity, sensitivity_said
from terresante.directory.models import Organization, Practitioner
from terresante.documents.access import DOCUMENT_REPLACE, DOCUMENT_WITHDRAW, DOCUMENT_WRITE
from terresante.documents.actions import (
    change,
    checked_day,
    fact_of,
    file_columns,
    save_filed,
    take_back,
    trace,
)
from terresante.documents.enums import (
    ACCOUNT,
    CLASS_OF,
    SENDER_IDENTIFIER_LENGTH,
    TITLE_MAX_LENGTH,
    DocumentStatus,
    DocumentType,
)
from terresante.documents.events import DocumentChanged, DocumentFiled
from terresante.documents.models import DocumentReference, OfStay
from terresante.feed.actions import limit_again, tell, withdraw
from terresante.kernel import access, rls
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.events import emit
from terresante.kernel.files.receiving import Received
from terresante.kernel.ui.wording import one_line, shortened
from terresante.patients.models import CareRecord

# Of no sector of care: as stays are, they are read inside.
_INSIDE = (UnitSensitivity.ABORTION, UnitSensitivity.SECRET_BIRTH)
_OTHER_CONTENT = (
    "Un autre document a déjà été transmis sous cet identifiant : donnez-en un nouveau à cette version, et dites "
    "laquelle elle remplace."
)
_WITHDRAWN = "Retiré par la structure qui l’avait transmis."


class OtherContent(Conflict):
    """Under a name that its sender has already given to something else: none of the two may stand for the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDocument:
    """`names` are what the sender calls it, its own name first; `replaces`, what it calls the one before.

    `specialty` is what the author does, and where, as the document says it: it may tell of a restricted care, or of
    what is kept inside its structure.
    """

    received: Received
    type: DocumentType
    title: str
    dated_on: date
    names: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    written_by: str = ""
    # RPPS numbers of those to whom it is addressed.
    addressed_to: tuple[str, ...] = ()
    specialty: str = ""
    # The number under which its sender knows that stay, and whether the circle does not read the stay of a number.
    visit_number: str
    is_kept: Callable[[str], bool]
    is_masked: bool = False
    hidden_from_patient: bool = False
    hidden_from_representative: bool = False
    # The same content is read by others from now on.
    changes_visibility: bool = False
    # The chain of its versions and its place there, as its author numbers them (CDA, setId and versionNumber).
    chain: str = ""
    number: int = 0
    # As `DocumentReference.metadata`.
    metadata: Mapping[str, Any] = field(default_factory=dict)


@action
def file_sent(actor: Actor, patient_id: UUID, *, document: SentDocument) -> DocumentReference:
    """A new document, or the next version of the one it replaces when that one is here.

    Raises NotFound when this structure does not know the person, Conflict for a document that it has already sent,
    OtherContent for another one under the same name.
    """
    record = record_sent_to(actor, patient_id, DOCUMENT_WRITE)
    row = _row(actor, record, document)
    sent = _sent_as(actor, row)
    if (
        sent
        and document.names[0] not in document.replaces
        and row.sha256 not in {each.sha256 for each in sent}
    ):
        raise OtherContent(_OTHER_CONTENT)
    if _is_known(row, document, sent):
        raise Conflict("Ce document a déjà été transmis : sa nouvelle version porte un autre identifiant.")
    before = _to_change(actor, patient_id, document.replaces) or _earlier(actor, row, document)
    if before is not None:
        row.set_id, row.version, row.replaces = before.set_id, before.version + 1, before
        keep_as_before(row, before, _structure(actor), document.is_kept)
        change(before, status=DocumentStatus.SUPERSEDED)
        _narrow_before(actor, row)
    save_filed(row)
    tell(actor, fact_of(row))
    if before is None:
        emit(actor, DocumentFiled(**row.told(), addressed_to=",".join(_accounts(document.addressed_to))))
    else:
        emit(actor, DocumentChanged(**row.told()))
    if before is None:
        trace(actor, DOCUMENT_WRITE, row, type=row.type)
    else:
        trace(actor, DOCUMENT_REPLACE, row, replaces=str(before.pk))
    return row


@action
def withdraw_sent(actor: Actor, patient_id: UUID, *, names: tuple[str, ...]) -> DocumentReference:
    """Nobody opens it any more, nor its versions before; its line stays. Raises NotFound when this structure has none
    in force under these names.
    """
    record_sent_to(actor, patient_id, DOCUMENT_WRITE)
    row = _to_change(actor, patient_id, names)
    if row is None:
        raise NotFound
    before = access.list(actor, DOCUMENT_WITHDRAW, DocumentReference, patient_id=patient_id)
    for version in (row, *before.filter(set_id=row.set_id, version__lt=row.version).order_by("version")):
        take_back(version, actor, _WITHDRAWN)
        withdraw(version.patient_id, version.pk)
    emit(actor, DocumentChanged(**row.told()))
    trace(actor, DOCUMENT_WITHDRAW, row)
    return row


@action
def relabel_sent(
    actor: Actor,
    patient_id: UUID,
    *,
    names: tuple[str, ...],
    hidden_from_patient: bool,
    hidden_from_representative: bool,
) -> DocumentReference:
    """Shows it to the person and to who represents her, or no longer. Raises NotFound when it is not in force."""
    record_sent_to(actor, patient_id, DOCUMENT_WRITE)
    row = _to_change(actor, patient_id, names)
    if row is None:
        raise NotFound
    change(
        row,
        hidden_from_patient=hidden_from_patient,
        hidden_from_representative=hidden_from_representative or hidden_from_patient,
    )
    limit_again(row.patient_id, fact_of(row))
    _narrow_before(actor, row)
    emit(actor, DocumentChanged(**row.told()))
    trace(actor, DOCUMENT_REPLACE, row, shared=not hidden_from_patient)
    return row


def _narrow_before(actor: Actor, row: DocumentReference) -> None:
    """Told to those who read them until now."""
    before = DocumentReference.objects.filter(
        patient_id=row.patient_id,
        set_id=row.set_id,
        version__lt=row.version,
        organization_id=_structure(actor),
    )
    for version in before.filter(author=None).order_by("version"):
        if narrower := hidden_since(version, row):
            shown = version.told()
            change(version, **narrower)
            limit_again(version.patient_id, fact_of(version))
            emit(actor, DocumentChanged(**shown))


def hidden_since(before: OfStay, row: OfStay) -> dict[str, Any]:
    """What its sender hides from somebody from now on, he reads in nothing that it replaces: the limits to add there.
    What is kept with a stay is read again when its stay comes back: masked, it is not.
    """
    names = ("hidden_from_patient", "hidden_from_representative")
    narrower: dict[str, Any] = {name: True for name in names if getattr(row, name) > getattr(before, name)}
    is_masked = row.private_to_id is not None and not row.is_kept_with_stay
    if is_masked and (before.private_to_id is None or before.is_kept_with_stay):
        narrower |= {"private_to_id": row.private_to_id, "is_kept_with_stay": False}
    return narrower


def keep_with_stay(actor: Actor, patient_id: UUID, *, visit_number: str, kept: bool) -> None:
    """Keeps what this structure sent under that visit number inside it, or shows it again to whoever read it.

    Called in the transaction that took the stay from the circle, or gave it back.
    """
    with rls.acting(actor):
        record_sent_to(actor, patient_id, DOCUMENT_WRITE)
        sent = DocumentReference.objects.filter(
            patient_id=patient_id,
            organization_id=_structure(actor),
            author=None,
            visit_number=visit_number,
            is_kept_with_stay=not kept,
        )
        rows = sent.filter(private_to=None) if kept else sent
        for row in rows.select_for_update(of=("self",)).order_by("pk"):
            _keep(actor, row, kept=kept)


@action
def _keep(actor: Actor, row: DocumentReference, *, kept: bool) -> None:
    """The event goes to those who could read the document until now. The audit row is the structure's alone, when it
    is shown again too: it would tell that the stay is restricted.
    """
    shown = row.told()
    change(row, private_to_id=row.organization_id if kept else None, is_kept_with_stay=kept)
    limit_again(row.patient_id, fact_of(row))
    emit(actor, DocumentChanged(**(shown if kept else row.told())))
    trace(actor, DOCUMENT_REPLACE, row, kept_with_stay=kept, private_to=str(row.organization_id))


def record_sent_to(actor: Actor, patient_id: UUID, what: Action) -> CareRecord:
    """The record opens first: until then a gateway sees nobody, and the rule of access would refuse everybody."""
    if not rls.open_record(patient_id):
        raise NotFound
    record = access.list(actor, what, CareRecord).filter(patient_id=patient_id).first()
    if record is None:
        raise NotFound
    return record


def keep_as_before(row: OfStay, before: OfStay, structure_id: UUID, is_kept: Callable[[str], bool]) -> None:
    """A correction that names no stay keeps that of the version before; an account number (PID-18) names none."""
    names_stay = before.visit_number and not before.visit_number.startswith(ACCOUNT)
    if row.visit_number and not (names_stay and row.visit_number.startswith(ACCOUNT)):
        return
    row.visit_number = before.visit_number
    if is_kept(row.visit_number):
        keep_inside(row, structure_id)


def _accounts(numbers: tuple[str, ...]) -> list[str]:
    known = Practitioner.objects.filter(rpps__in=numbers, user__isnull=False).order_by("pk")
    return [str(key) for key in known.values_list("user_id", flat=True)] if numbers else []


def _sent_as(actor: Actor, row: DocumentReference) -> list[DocumentReference]:
    """Every version that this structure sent under that name, whatever became of it since."""
    return list(
        DocumentReference.objects.filter(
            patient_id=row.patient_id,
            organization_id=_structure(actor),
            author=None,
            sender_identifier=row.sender_identifier,
        )
    )


def _is_known(row: DocumentReference, document: SentDocument, sent: list[DocumentReference]) -> bool:
    """Sent before: one that was withdrawn, or replaced, does not come back by itself.

    Its sender may correct the one in force under its own name, or say who reads it from now on.
    """
    in_force = next((each for each in sent if each.is_current), None)
    if in_force is None or document.names[0] not in document.replaces:
        return bool(sent)
    if document.changes_visibility and limits_on(in_force) != limits_on(row):
        return False
    return any(each.sha256 == row.sha256 for each in sent)


def _to_change(actor: Actor, patient_id: UUID, names: tuple[str, ...]) -> DocumentReference | None:
    """The first of these names that is a document's, locked."""
    if not names:
        return None
    mine = access.list(actor, DOCUMENT_REPLACE, DocumentReference).filter(
        patient_id=patient_id, sender_identifier__in=_cut(names)
    )
    found = {row.sender_identifier: row for row in mine.select_for_update(of=("self",)).order_by("pk")}
    return next((found[name] for name in _cut(names) if name in found), None)


def _earlier(actor: Actor, row: DocumentReference, document: SentDocument) -> DocumentReference | None:
    """The version in force of the same chain, when this one comes after it."""
    if not document.chain or document.number < 2:
        return None
    mine = access.list(actor, DOCUMENT_REPLACE, DocumentReference).filter(
        patient_id=row.patient_id,
        metadata__chain__name=document.chain,
        metadata__chain__number__lt=document.number,
    )
    return mine.select_for_update(of=("self",)).order_by("-version", "pk").first()


def _row(actor: Actor, record: CareRecord, document: SentDocument) -> DocumentReference:
    row = DocumentReference(
        patient_id=record.patient_id,
        record=record,
        type=document.type,
        data_class=CLASS_OF[document.type],
        title=_title(document),
        dated_on=checked_day(min(document.dated_on, timezone.localdate())),
        written_by=" ".join(document.written_by.split())[:120],
        author_name=actor.name,
        author_role=actor.role_label,
        organization_id=_structure(actor),
        organization_name=actor.organization_name,
        sender_identifier=_cut(document.names)[0],
        **file_columns(document.received),
        metadata={**document.metadata, **_chain(document)},
        visit_number=document.visit_number,
        **asdict(_limits(actor, document)),
    )
    row.set_id = row.pk
    if document.is_kept(row.visit_number):
        keep_inside(row, _structure(actor))
    return row


def keep_inside(row: OfStay, structure_id: UUID) -> None:
    """Nothing to do for what its sender masks: it is private to the structure, whatever becomes of the stay."""
    if row.private_to_id is None:
        row.private_to_id, row.is_kept_with_stay = structure_id, True


def _chain(document: SentDocument) -> dict[str, Any]:
    return {"chain": {"name": document.chain, "number": document.number}} if document.chain else {}


def _limits(actor: Actor, document: SentDocument) -> Limits:
    return limits_sent(
        actor,
        is_masked=document.is_masked,
        specialty=document.specialty,
        hidden_from_patient=document.hidden_from_patient,
        hidden_from_representative=document.hidden_from_representative,
    )


def limits_sent(
    actor: Actor,
    *,
    is_masked: bool,
    specialty: str,
    hidden_from_patient: bool,
    hidden_from_representative: bool,
) -> Limits:
    """What is masked to professionals stays in the structure that sent it (JDV_J08 MASQUE_PS).

    A psychiatric structure, the specialty of the author, or the name of his unit keeps its document to its sector, as
    its people would.
    """
    here = Organization.objects.get(pk=_structure(actor))
    is_masked = is_masked or sensitivity_said(specialty) in _INSIDE
    sector = matrix.practitioner_sector("", specialty)
    sector = sector or matrix.organization_sector(here.kind, here.is_psychiatric)
    return Limits(
        private_to_id=here.pk if is_masked else None,
        hidden_from_patient=hidden_from_patient,
        hidden_from_representative=hidden_from_representative or hidden_from_patient,
        sector="" if is_masked else sector,
        restricted_to_id=here.pk if sector and not is_masked else None,
    )


def _structure(actor: Actor) -> UUID:
    if actor.organization_id is None:
        raise NotFound
    return actor.organization_id


def _title(document: SentDocument) -> str:
    said = one_line(document.title) or document.type.label
    return shortened(said, TITLE_MAX_LENGTH)


def _cut(names: tuple[str, ...]) -> list[str]:
    return [name[:SENDER_IDENTIFIER_LENGTH] for name in names]
