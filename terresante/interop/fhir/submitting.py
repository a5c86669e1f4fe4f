"""From what an application sends to what is filed: all of it, or nothing (ITI-65, ITI-105, PDSm flux 3).

Whom it is about is matched as for a hospital's message; the files are put away outside any transaction, and erased when
the rest is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from terresante.care_team.queries.limits import limits_on
from terresante.documents.access import DOCUMENT_REPLACE, DOCUMENT_WRITE
from terresante.documents.enums import SENDER_IDENTIFIER_LENGTH
from terresante.documents.models import DocumentReference
from terresante.documents.received_actions import relabel_sent
from terresante.interop.applying import link_numbers
from terresante.interop.enums import MessageOutcome
from terresante.interop.fhir.actions import Caller
from terresante.interop.fhir.bundles import SentList, Submission
from terresante.interop.fhir.documents import Submitted
from terresante.interop.fhir.outcome import Issue, Problem, wrong
from terresante.interop.fhir.patches import Update
from terresante.interop.filing import file_received, put_one_away, take_back
from terresante.interop.following import hold_visits
from terresante.interop.hl7v2.adt_model import Authority, Identifier
from terresante.interop.hl7v2.same_person import BY_MATRICULE
from terresante.interop.mapping import accepted_traits
from terresante.interop.matching import Asked, Knowledge, Standing, local_numbers, match_identity
from terresante.interop.models import DocumentList
from terresante.kernel import access, audit, rls, sql
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.files import vault
from terresante.kernel.files.receiving import Received
from terresante.patients.models import IdentityDomain

# The same words whether nobody is there, somebody resembles, or somebody opposes: they tell of nobody.
_NOBODY = (
    "Aucun dossier partagé ne correspond avec certitude à cette identité : rien n’a été déposé. Envoyez l’IPP que "
    "donne votre structure, ou une identité qualifiée avec son matricule INS et ses cinq traits."
)
_CONTRADICTION = (
    "Les traits reçus contredisent ceux du patient que votre structure connaît sous ce numéro : rien n’a été déposé. "
    "Prévenez votre cellule d’identitovigilance."
)
_NO_NUMBER = "Donnez un IPP d’une autorité de votre structure, ou un matricule INS dont la clé est juste."
_OTHER_CONTENT = (
    "Un autre document a déjà été déposé sous cet identifiant : donnez-en un nouveau à cette version."
)
_NOT_THERE = (
    "Le document remplacé n’est pas un document en vigueur que votre structure a déposé pour ce patient."
)
_PATIENT = "context.sourcePatientInfo"


@dataclass(frozen=True, slots=True)
class Filed:
    documents: tuple[UUID, ...]
    lists: tuple[UUID, ...] = ()


def submit(caller: Caller, submission: Submission) -> Filed:
    """What was sent before, in the same words, gives the same answer and files nothing. Raises Problem."""
    asked = _asked(caller, submission)
    with rls.acting(_job(caller)):
        patient_id, _ = _matched(asked, submission)
        known = _known(caller, patient_id, submission)
    with _put_away(caller, submission, known) as files, _told_as_problems(submission):
        return _written(caller, submission, asked, files)


def update(caller: Caller, names: tuple[str, ...], key: UUID | None, asked: Update) -> UUID:
    """PDSm, flux 3: of a document that this structure sent. Raises Problem."""
    actor = caller.structure
    row = _own_document(caller, names, key)
    if row is None:
        raise wrong("Aucun document de votre structure n’a cet identifiant.", code="not-found", status=404)
    own = (row.sender_identifier,)
    try:
        if asked.is_withdrawn:
            take_back(actor, row.patient_id, own)
        elif asked.visibility is not None:
            seen = asked.visibility
            relabel_sent(
                actor,
                row.patient_id,
                names=own,
                hidden_from_patient=seen.is_hidden_from_patient,
                hidden_from_representative=seen.is_hidden_from_representatives,
            )
    except NotFound:
        sentence = "Ce document n’est plus en vigueur : il ne change plus."
        raise wrong(sentence, "DocumentReference.status", code="conflict", status=409) from None
    return row.pk


def _asked(caller: Caller, submission: Submission) -> Asked:
    """The structure's own numbers; without any, the matricule."""
    identity = submission.identity
    traits = accepted_traits(identity, test_ins=settings.ACCEPT_TEST_INS)
    domains = list(IdentityDomain.objects.filter(organization=caller.access.organization))
    locals_ = local_numbers(domains, identity.ipps)
    if not locals_ and traits.ins:
        locals_ = local_numbers(domains, [Identifier(traits.ins, "INS", Authority(BY_MATRICULE))])
    if not locals_:
        where = submission.documents[0].where
        raise wrong(_NO_NUMBER, f"{where}.{_PATIENT}.identifier", code="required")
    return Asked(locals_, traits)


def _matched(asked: Asked, submission: Submission) -> tuple[UUID, Knowledge]:
    known = Knowledge([asked])
    match = match_identity(asked, known)
    if match.patient_id is not None and match.standing in (Standing.LINKED, Standing.RECOGNISED):
        return match.patient_id, known
    where = f"{submission.documents[0].where}.{_PATIENT}"
    if match.standing is Standing.DOUBTFUL and match.outcome is MessageOutcome.CONTRADICTION:
        raise wrong(_CONTRADICTION, where, code="conflict", status=409)
    raise wrong(_NOBODY, where, code="not-found")


def _known(caller: Caller, patient_id: UUID, submission: Submission) -> list[DocumentReference | None]:
    """Of each document, the one that this structure has already sent under its name. In the job's transaction."""
    actor = caller.structure
    with rls.acting(actor):
        if not rls.open_record(patient_id):
            return [None for _ in submission.documents]
        return [_sent_before(caller, patient_id, each) for each in submission.documents]


def _sent_before(caller: Caller, patient_id: UUID, submitted: Submitted) -> DocumentReference | None:
    name = submitted.carried.names[0][:SENDER_IDENTIFIER_LENGTH]
    sent = DocumentReference.objects.filter(
        patient_id=patient_id,
        organization_id=caller.access.organization_id,
        author=None,
        sender_identifier=name,
    )
    row = sent.order_by("recorded_at").first()
    if row is not None and row.sha256 != sha256(submitted.carried.content).hexdigest():
        where = f"{submitted.where}.masterIdentifier"
        raise wrong(_OTHER_CONTENT, where, code="duplicate", status=409)
    return row


@contextmanager
def _put_away(
    caller: Caller, submission: Submission, known: list[DocumentReference | None]
) -> Iterator[dict[int, Received]]:
    """What no action took in the end is erased."""
    files: dict[int, Received] = {}
    try:
        for number, each in enumerate(submission.documents):
            if known[number] is None:
                files[number] = _one_away(caller, each)
        yield files
    finally:
        if files:
            with rls.acting(_job(caller)):
                vault.discard([received.stored.file_id for received in files.values()])


def _one_away(caller: Caller, submitted: Submitted) -> Received:
    place = f"{submitted.where}.content[0].attachment"
    try:
        return put_one_away(caller.structure, submitted.carried)
    except Invalid as error:
        raise wrong(error.sentence, place, code="security") from error
    except Conflict as error:
        issue = Issue(error.sentence, place, "transient")
        raise Problem(503, issue, headers={"Retry-After": "120"}) from error


@contextmanager
def _told_as_problems(submission: Submission) -> Iterator[None]:
    where = submission.documents[0].where
    try:
        yield
    except Conflict as error:
        raise wrong(error.sentence, where, code="duplicate", status=409) from error
    except (NotFound, Refused) as error:
        raise wrong(_NOBODY, f"{where}.{_PATIENT}", code="not-found") from error
    except Invalid as error:
        raise wrong(error.sentence, where) from error


def _written(caller: Caller, submission: Submission, asked: Asked, files: dict[int, Received]) -> Filed:
    """One transaction. Who it is, is asked again: things may have changed while the files were put away."""
    job, actor = _job(caller), caller.structure
    with rls.acting(job):
        patient_id, known = _matched(asked, submission)
        _one_at_a_time(patient_id)
        hold_visits(_visits(caller, patient_id, submission))
        link_numbers(job, asked, patient_id, known)
        sent = _known(caller, patient_id, submission)
        with rls.acting(actor):
            rows = [
                sent[number] or _filed(actor, patient_id, each, files[number])
                for number, each in enumerate(submission.documents)
            ]
            lists = tuple(_kept(caller, each, rows) for each in submission.lists)
    return Filed(tuple(row.pk for row in rows), lists)


def _visits(caller: Caller, patient_id: UUID, submission: Submission) -> list[tuple[UUID, str]]:
    """Of the documents, and of those they replace, whose stay a correction does not name again."""
    numbers = {each.carried.visit_number for each in submission.documents}
    replaced = Q(pk__in=[each.replaced for each in submission.documents if each.replaced])
    for each in submission.documents:
        names = (*each.replaces, *each.carried.replaces)
        replaced |= Q(sender_identifier__in=[name[:SENDER_IDENTIFIER_LENGTH] for name in names])
    with rls.acting(caller.structure):
        if rls.open_record(patient_id):
            sent = DocumentReference.objects.filter(
                replaced, patient_id=patient_id, organization_id=caller.access.organization_id, author=None
            )
            numbers |= set(sent.values_list("visit_number", flat=True))
    return [(caller.access.organization_id, number) for number in numbers]


def _filed(actor: Actor, patient_id: UUID, submitted: Submitted, received: Received) -> DocumentReference:
    carried = submitted.carried
    if submitted.replaces or submitted.replaced is not None:
        carried = replace(carried, replaces=(_replaced(actor, patient_id, submitted), *carried.replaces))
    document, _ = file_received(actor, patient_id, carried, received)
    return document


def _replaced(actor: Actor, patient_id: UUID, submitted: Submitted) -> str:
    """The sender's name of the version before, which must be there."""
    rls.open_record(patient_id)
    rows = access.list(actor, DOCUMENT_REPLACE, DocumentReference).filter(patient_id=patient_id)
    if submitted.replaced is not None:
        rows = rows.filter(pk=submitted.replaced)
    else:
        rows = rows.filter(
            sender_identifier__in=[name[:SENDER_IDENTIFIER_LENGTH] for name in submitted.replaces]
        )
    row = rows.first()
    if row is None:
        raise wrong(_NOT_THERE, f"{submitted.where}.relatesTo[0].target", code="not-found")
    return row.sender_identifier


def _kept(caller: Caller, sent: SentList, rows: list[DocumentReference]) -> UUID:
    first = rows[0]
    rls.open_record(first.patient_id)
    row, is_new = DocumentList.objects.get_or_create(
        patient_id=first.patient_id,
        organization_id=caller.access.organization_id,
        kind=sent.kind,
        identifier=sent.identifier,
        defaults={
            "record_id": first.record_id,
            "title": sent.title,
            "sent_at": sent.sent_at,
            "documents": [rows[number].pk for number in sent.items],
        },
    )
    if is_new:
        detail = {"kind": row.kind, **_kept_in_trail([rows[number] for number in sent.items])}
        audit.record(caller.structure, DOCUMENT_WRITE, patient_id=row.patient_id, about=row, detail=detail)
    return row.pk


def _kept_in_trail(rows: list[DocumentReference]) -> dict[str, str]:
    """Of what was sent together: nothing more than of its documents, when all of them are kept from somebody."""
    limits = [limits_on(row).in_trail for row in rows]
    return limits[0] if limits and all(limits) else {}


def _own_document(caller: Caller, names: tuple[str, ...], key: UUID | None) -> DocumentReference | None:
    """The latest version under these names, or that key. The listed function says whose it is to its sender alone."""
    actor = caller.structure
    with rls.acting(actor, read_only=True):
        patient_id = sql.value("SELECT sent_document_patient(%s, %s::text[])", key, list(names))
        if patient_id is None or not rls.open_record(patient_id):
            return None
        sent = DocumentReference.objects.filter(
            patient_id=patient_id, organization_id=caller.access.organization_id, author=None
        )
        sent = sent.filter(pk=key) if key else sent.filter(sender_identifier__in=names)
        return sent.order_by("-version", "pk").first()


def _one_at_a_time(patient_id: UUID) -> None:
    """The same submission sent twice at once is filed once."""
    sql.take_turn(f"fhir {patient_id}")


def _job(caller: Caller) -> Actor:
    """Who looks for the person; who files is the structure."""
    return replace(Actor.job("fhir", channel=Channel.API), software=caller.access.partner.name)
