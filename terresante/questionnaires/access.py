"""Pathways are everybody's to read and administrators' to change; answers are read as the class of their pathway."""

from django.db.models import Exists, OuterRef, Q

from terresante.care_team.access import (
    changes,
    classes_of_carer,
    decides_for_patient,
    is_carer,
    reaches,
    reads_class,
    shares,
    writes_class,
)
from terresante.care_team.enums import DataClass
from terresante.directory.access import EVERYTHING, administers, is_administrator
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.patients.models import CareRecord
from terresante.questionnaires.enums import PATHWAY_CLASSES, ResponseStatus
from terresante.questionnaires.models import Pathway, PathwaySignature, PathwayVersion, QuestionnaireResponse

RESPONSE_READ = Action("response.read", "Lire les formulaires")
RESPONSE_WRITE = Action("response.write", "Remplir un formulaire")
RESPONSE_AMEND = Action("response.amend", "Corriger un formulaire")
PATHWAY_READ = Action("pathway.read", "Consulter les parcours")
PATHWAY_MANAGE = Action("pathway.manage", "Modifier un parcours")
PATHWAY_PUBLISH = Action("pathway.publish", "Publier ou retirer un parcours")
PATHWAY_REPLAY = Action("pathway.replay", "Rejouer un brouillon de parcours sur les réponses passées")
PATHWAY_SIGN = Action("pathway.sign", "Valider cliniquement un parcours")


@rule(RESPONSE_READ, CareRecord)
def records_whose_answers_are_read(actor: Actor) -> Q:
    return reaches(actor) if any(reads_class(actor, name) for name in PATHWAY_CLASSES) else NOBODY


@rule(RESPONSE_WRITE, CareRecord)
def records_answered_in(actor: Actor) -> Q:
    """The circle; the person and who acts for her; a job, for who answers by a link or by SMS."""
    if not any(answers_class(actor, name) for name in PATHWAY_CLASSES):
        return NOBODY
    if actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE):
        return reaches(actor)
    return changes(actor)


def answers_class(actor: Actor, data_class: DataClass) -> bool:
    if actor.kind == ActorKind.PROFESSIONAL:
        return writes_class(actor, data_class)
    if is_carer(actor):
        return data_class in classes_of_carer(actor.delegated)
    return actor.kind == ActorKind.JOB or decides_for_patient(actor)


@rule(RESPONSE_READ, QuestionnaireResponse, visible=True)
def responses_shared_with(actor: Actor) -> Q:
    return shares(actor)


@rule(RESPONSE_WRITE, QuestionnaireResponse)
def responses_gone_on_with(actor: Actor) -> Q:
    """What oneself began and did not finish; a link's and a carer's, by the job that answers for them."""
    begun = Q(status=ResponseStatus.IN_PROGRESS)
    if actor.kind == ActorKind.JOB:
        return shares(actor) & begun & Q(user_id=actor.user_id)
    if actor.user_id is None:
        return NOBODY
    reached = changes(actor) if actor.kind == ActorKind.PROFESSIONAL else reaches(actor)
    return reached & shares(actor) & begun & Q(user_id=actor.user_id)


@rule(RESPONSE_AMEND, QuestionnaireResponse)
def responses_amended(actor: Actor) -> Q:
    """A professional who writes the class of a completed answer that nothing replaces yet, whoever answered."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    written = [name for name in PATHWAY_CLASSES if writes_class(actor, name)]
    later = QuestionnaireResponse.objects.filter(replaces=OuterRef("pk"), patient_id=OuterRef("patient_id"))
    whole = Q(status=ResponseStatus.COMPLETED, data_class__in=written) & ~Q(Exists(later))
    return changes(actor) & shares(actor) & whole


@rule(PATHWAY_READ, Pathway, visible=True)
@rule(PATHWAY_READ, PathwayVersion, visible=True)
@rule(PATHWAY_READ, PathwaySignature, visible=True)
def pathways_read(actor: Actor) -> Q:
    """Their pages, drafts and history: what is published is offered to everybody by `queries.published`."""
    return EVERYTHING if administers(actor) or actor.kind == ActorKind.JOB else NOBODY


def manages_pathways(actor: Actor) -> bool:
    """Pathways belong to the deployment: its administrator, and a job that loads files."""
    return is_administrator(actor) or actor.kind == ActorKind.JOB


def require_pathway_manager(actor: Actor) -> None:
    """For the pages that list, and what is made new: an empty list would not say why."""
    if not manages_pathways(actor):
        raise Refused("Les parcours sont tenus par l’administrateur de la plateforme : demandez-lui.")


@rule(PATHWAY_MANAGE, Pathway)
@rule(PATHWAY_PUBLISH, Pathway)
@rule(PATHWAY_PUBLISH, PathwayVersion)
@rule(PATHWAY_REPLAY, PathwayVersion)
def pathways_managed(actor: Actor) -> Q:
    return EVERYTHING if manages_pathways(actor) else NOBODY


@rule(PATHWAY_MANAGE, PathwayVersion)
def drafts_managed(actor: Actor) -> Q:
    return Q(status="draft") if manages_pathways(actor) else NOBODY


def signs_pathways(actor: Actor) -> bool:
    """Who administers a structure, for the one he works for now: it is the structure that answers for thresholds."""
    if actor.person_id is None or actor.organization_id is None:
        return False
    return administers(actor)


@rule(PATHWAY_SIGN, PathwayVersion)
def versions_signed(actor: Actor) -> Q:
    return Q(status="published") if signs_pathways(actor) else NOBODY
