from django.db.models import Q

from terresante.care_team.access import (
    changes,
    decides_for_patient,
    reaches,
    reads_class,
    shares,
    writes_class,
)
from terresante.care_team.enums import DataClass
from terresante.documents.access import contents_opened
from terresante.documents.models import DocumentReference
from terresante.health_record.enums import Origin, Verification
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
    Observation,
    OfferedLine,
)
from terresante.kernel.access import NOBODY, Action, points_to, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord

HEALTH_READ = Action("health.read", "Consulter la santé")
HEALTH_WRITE = Action("health.write", "Inscrire une donnée de santé")
HEALTH_CORRECT = Action("health.correct", "Corriger une donnée de santé")
HEALTH_JUDGE = Action("health.judge", "Confirmer ou infirmer une donnée de santé")
HEALTH_DECLARE = Action("health.declare", "Déclarer une donnée de santé")
HEALTH_TAKE_BACK = Action("health.take_back", "Retirer ce qu’on a déclaré de sa santé")
HEALTH_OFFER = Action("health.offer", "Proposer au dossier ce que dit un document reçu")
HEALTH_INTEGRATE = Action("health.integrate", "Intégrer au dossier ce que dit un document reçu")
HEALTH_PUT_ASIDE = Action("health.put_aside", "Écarter ce que dit un document reçu")

MODELS: tuple[type[HealthLine], ...] = (
    AllergyIntolerance,
    CareDirective,
    Condition,
    MedicationStatement,
    Immunization,
    Observation,
)


@rule(HEALTH_READ, CareRecord)
def records_whose_health_is_read(actor: Actor) -> Q:
    return reaches(actor) if reads_class(actor, DataClass.MEDICAL) else NOBODY


@rule(HEALTH_WRITE, CareRecord)
def records_written_in(actor: Actor) -> Q:
    return changes(actor) if writes_class(actor, DataClass.MEDICAL) else NOBODY


@rule(HEALTH_DECLARE, CareRecord)
def records_declared_in(actor: Actor) -> Q:
    """The person, or who represents her by law; a carer reads and declares nothing."""
    return reaches(actor) if decides_for_patient(actor) else NOBODY


def lines_shared_with(actor: Actor) -> Q:
    return shares(actor)


def lines_vouched_for(actor: Actor) -> Q:
    """Whoever writes medical data and reads the line: an allergy is the circle's, not its first author's."""
    if actor.kind != ActorKind.PROFESSIONAL or not writes_class(actor, DataClass.MEDICAL):
        return NOBODY
    return changes(actor) & shares(actor) & Q(is_current=True)


def own_declarations(actor: Actor) -> Q:
    """As long as nobody has vouched for it: then it is the circle's."""
    if not decides_for_patient(actor):
        return NOBODY
    origin = Origin.PATIENT if actor.kind == ActorKind.PATIENT else Origin.REPRESENTATIVE
    hers = Q(origin=origin, author=None, is_current=True, verification_status=Verification.UNCONFIRMED)
    return shares(actor) & hers


for _model in MODELS:
    rule(HEALTH_TAKE_BACK, _model)(own_declarations)
    rule(HEALTH_READ, _model, visible=True)(lines_shared_with)
    rule(HEALTH_CORRECT, _model)(lines_vouched_for)
    rule(HEALTH_JUDGE, _model)(lines_vouched_for)


@rule(HEALTH_OFFER, CareRecord)
def records_offered_to(actor: Actor) -> Q:
    """By the software of a structure, with the document that says it."""
    return changes(actor) if actor.kind == ActorKind.GATEWAY else NOBODY


def _of_documents(documents: Q) -> Q:
    return points_to(DocumentReference, documents, by="document_id")


@rule(HEALTH_READ, OfferedLine, visible=True)
def offers_read(actor: Actor) -> Q:
    """By the professionals who read medical data, and the document: what it says narrows to its own readers."""
    if actor.kind != ActorKind.PROFESSIONAL or not reads_class(actor, DataClass.MEDICAL):
        return NOBODY
    return reaches(actor, of=DataClass.MEDICAL) & _of_documents(contents_opened(actor))


@rule(HEALTH_INTEGRATE, OfferedLine)
@rule(HEALTH_PUT_ASIDE, OfferedLine)
def offers_settled(actor: Actor) -> Q:
    """As a line of that kind is written."""
    if actor.kind != ActorKind.PROFESSIONAL or not writes_class(actor, DataClass.MEDICAL):
        return NOBODY
    return changes(actor, of=DataClass.MEDICAL) & offers_read(actor)
