"""From a document received to what is filed: whom it is about is matched first, its file is put away outside any
transaction, then it is filed under the structure that sent it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.documents.access import DOCUMENT_WRITE
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.received_actions import OtherContent, SentDocument, file_sent, withdraw_sent
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.fhir.metadata import told_by_header
from terresante.interop.following import is_kept
from terresante.interop.hl7v2.carried import Act, Carried
from terresante.interop.models import InboundMessage
from terresante.interop.offering import offer_found
from terresante.interop.result_filing import WITHOUT_EFFECT, close_results, file_discrete, file_results
from terresante.interop.specialties import specialty_of
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.files.kinds import FileKind
from terresante.kernel.files.receiving import Received, put_away

_S, _O = MessageState, MessageOutcome
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")


@dataclass(frozen=True, slots=True)
class PutAway:
    """What became of the file of a message: `received`, unless the antivirus knew it for what it is; and what was read
    of the message, which is not read again.
    """

    carried: Carried
    received: Received | None = None


@dataclass(slots=True)
class Files:
    """Those put away for this batch, by message; and, once it is settled, the messages that still need theirs."""

    ready: dict[UUID, PutAway] = field(default_factory=dict)
    wanted: dict[UUID, tuple[Actor, Carried]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filed:
    state: MessageState
    outcome: MessageOutcome


def sender_of(row: InboundMessage, hospital: Actor) -> Actor:
    """The structure that sends, as a document names who filed it."""
    organization = row.sender.organization
    return replace(hospital, name=organization.name, role_label=organization.get_kind_display())


def file_carried(
    row: InboundMessage, hospital: Actor, patient_id: UUID, carried: Carried, files: Files
) -> Filed | None:
    """None while its file is not put away: the file is then wanted, and the message keeps its turn."""
    actor = sender_of(row, hospital)
    if carried.discrete and not carried.content:
        kept = partial(is_kept, actor, patient_id)
        outcome, remarks = file_discrete(actor, patient_id, carried, kept=kept)
        row.remarks = [*row.remarks, *remarks]
        return Filed(_S.IGNORED if outcome in WITHOUT_EFFECT else _S.APPLIED, outcome)
    if carried.act is Act.DELETE:
        return _withdrawn(actor, patient_id, carried)
    put = files.ready.get(row.pk)
    if put is None:
        files.wanted[row.pk] = (actor, carried)
        return None
    if put.received is None:
        return Filed(_S.REFUSED, _O.INFECTED)
    try:
        document, remarks = file_received(actor, patient_id, carried, put.received)
    except OtherContent:
        return Filed(_S.REFUSED, _O.OTHER_CONTENT)
    except Conflict:
        return Filed(_S.IGNORED, _O.DOCUMENT_KNOWN)
    row.remarks = [*row.remarks, *remarks]
    is_next = carried.act is Act.REPLACE or document.replaces_id is not None
    return Filed(_S.APPLIED, _O.DOCUMENT_REPLACED if is_next else _O.DOCUMENT_FILED)


def file_received(
    actor: Actor, patient_id: UUID, carried: Carried, received: Received
) -> tuple[DocumentReference, list[str]]:
    """What a wire or the FHIR interface carried, once its file is put away, with what could not be read in it.

    `actor` is the structure that sends. Raises as `file_sent`.
    """
    if actor.organization_id is None:
        raise NotFound
    kept = partial(is_kept, actor, patient_id)
    document = file_sent(actor, patient_id, document=_document(actor, carried, received, kept=kept))
    offer_found(actor, document, carried.cda)
    return document, file_results(actor, document, carried)


def put_files_away(wanted: dict[UUID, tuple[Actor, Carried]]) -> dict[UUID, PutAway]:
    """Outside any transaction. Those that the antivirus could not look at are left for another time."""
    done: dict[UUID, PutAway] = {}
    for message_id, (actor, carried) in wanted.items():
        try:
            received = put_one_away(actor, carried)
        except Invalid:
            done[message_id] = PutAway(carried)
        except Conflict:
            continue
        else:
            done[message_id] = PutAway(carried, received)
    return done


def put_one_away(actor: Actor, carried: Carried) -> Received:
    """Outside any transaction. Raises as `put_away`."""
    kind = FileKind.XML if carried.cda else FileKind.PDF
    name = f"{_NOT_IN_A_NAME.sub('_', carried.title).strip('_')[:80] or 'document'}.{_ends(kind)}"
    return put_away(actor, carried.content, kind=kind, name=name, for_action=DOCUMENT_WRITE)


def _ends(kind: FileKind) -> str:
    return "xml" if kind is FileKind.XML else "pdf"


def _withdrawn(actor: Actor, patient_id: UUID, carried: Carried) -> Filed:
    """Withdraws under every name: some senders name the document itself, others a new one that stands for its end
    (TXA-13).
    """
    try:
        take_back(actor, patient_id, (*carried.names, *carried.replaces))
    except NotFound:
        return Filed(_S.IGNORED, _O.DOCUMENT_UNKNOWN)
    return Filed(_S.APPLIED, _O.DOCUMENT_WITHDRAWN)


def take_back(actor: Actor, patient_id: UUID, names: tuple[str, ...]) -> None:
    """A document that this structure sent, and what came of it. Raises NotFound when it sent none under these names."""
    with rls.acting(actor):
        ended = withdraw_sent(actor, patient_id, names=names)
        close_results(actor, ended)


def _document(
    actor: Actor, carried: Carried, received: Received, *, kept: Callable[[str], bool]
) -> SentDocument:
    seen = carried.visibility
    dated_at = carried.dated_at
    return SentDocument(
        received=received,
        type=DocumentType(carried.type_code),
        title=carried.title,
        dated_on=timezone.localdate(dated_at) if dated_at else timezone.localdate(),
        names=carried.names,
        replaces=(*carried.replaces, *carried.names[1:]),
        changes_visibility=carried.changes_visibility,
        **_chain(carried),
        written_by=carried.author,
        addressed_to=carried.addressed_to,
        specialty=specialty_of(actor, carried),
        visit_number=carried.visit_number,
        is_kept=kept,
        is_masked=seen.is_masked,
        hidden_from_patient=seen.is_hidden_from_patient,
        hidden_from_representative=seen.is_hidden_from_representatives,
        metadata={**(told_by_header(carried.cda.header) if carried.cda else {}), **carried.metadata},
    )


def _chain(carried: Carried) -> dict[str, Any]:
    header = carried.cda.header if carried.cda else None
    if header is None or header.set_id is None:
        return {}
    return {"chain": str(header.set_id).replace("\x00", "")[:200], "number": header.version or 1}
