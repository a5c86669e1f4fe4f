from django.db.models import Q

from terresante.care_team import matrix
from terresante.care_team.access import (
    changes,
    decides_for_patient,
    reaches,
    reads_class,
    shares,
    writes_class,
)
from terresante.documents.enums import DOCUMENT_CLASSES, DocumentStatus
from terresante.documents.models import DocumentReference
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord

DOCUMENT_READ = Action("document.read", "Consulter les documents")
DOCUMENT_OPEN = Action("document.open", "Afficher un document")
DOCUMENT_DOWNLOAD = Action("document.download", "Télécharger un document")
DOCUMENT_WRITE = Action("document.write", "Déposer un document")
DOCUMENT_REPLACE = Action("document.replace", "Remplacer un document")
DOCUMENT_SHARE = Action("document.share", "Partager un document avec la personne, ou cesser de le partager")
DOCUMENT_WITHDRAW = Action("document.withdraw", "Retirer un document déposé par erreur")


OWN_DOCUMENT_WRITE = Action("own_document.write", "Déposer ou retirer ses propres documents")


@rule(DOCUMENT_READ, DocumentReference, visible=True)
def documents_shared_with(actor: Actor) -> Q:
    return shares(actor) & _shown(actor)


def _shown(actor: Actor) -> Q:
    """What the person keeps to herself for now is read by her and by who represents her by law, by nobody else."""
    if actor.kind == ActorKind.JOB or decides_for_patient(actor):
        return Q()
    return Q(kept_to_patient=False)


@rule(OWN_DOCUMENT_WRITE, CareRecord)
def own_record_filed_in(actor: Actor) -> Q:
    return reaches(actor) if decides_for_patient(actor) else NOBODY


@rule(OWN_DOCUMENT_WRITE, DocumentReference)
def documents_of_ones_own(actor: Actor) -> Q:
    if not decides_for_patient(actor):
        return NOBODY
    return reaches(actor) & Q(is_from_patient=True, status=DocumentStatus.CURRENT)


@rule(DOCUMENT_READ, CareRecord)
def records_whose_documents_are_read(actor: Actor) -> Q:
    return reaches(actor) if any(reads_class(actor, name) for name in DOCUMENT_CLASSES) else NOBODY


@rule(DOCUMENT_OPEN, DocumentReference)
@rule(DOCUMENT_DOWNLOAD, DocumentReference)
def contents_opened(actor: Actor) -> Q:
    """Not what was withdrawn, which may be somebody else's: only that it was there stays known."""
    return documents_shared_with(actor) & ~Q(status=DocumentStatus.ENTERED_IN_ERROR)


@rule(DOCUMENT_WRITE, CareRecord)
def records_filed_in(actor: Actor) -> Q:
    """By its circle, or by the software of a structure that knows the person under a number of its own."""
    if actor.kind == ActorKind.GATEWAY or (
        actor.kind == ActorKind.PROFESSIONAL and any(writes_class(actor, name) for name in DOCUMENT_CLASSES)
    ):
        return changes(actor)
    return NOBODY


@rule(DOCUMENT_REPLACE, DocumentReference)
def own_documents_or_sent(actor: Actor) -> Q:
    return documents_taken_back(actor) & Q(status=DocumentStatus.CURRENT)


@rule(DOCUMENT_WITHDRAW, DocumentReference)
def documents_taken_back(actor: Actor) -> Q:
    """A sender takes back what it sent; what a person filed, even of its own structure, is none of its business.

    A version replaced since too: somebody else's paper would stay in the history for ever.
    """
    is_there = ~Q(status=DocumentStatus.ENTERED_IN_ERROR)
    if actor.kind != ActorKind.GATEWAY or actor.organization_id is None:
        return _filed_here(actor) & is_there
    return changes(actor) & Q(organization_id=actor.organization_id, author=None) & is_there


@rule(DOCUMENT_SHARE, DocumentReference)
def own_documents(actor: Actor) -> Q:
    return _filed_here(actor) & Q(status=DocumentStatus.CURRENT)


def _filed_here(actor: Actor) -> Q:
    """Of the structure for which it was filed, and of whoever may file such a document."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return NOBODY
    mine = Q(organization_id=actor.organization_id, data_class__in=matrix.writable(actor.role))
    return changes(actor) & shares(actor) & mine
