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
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    Observation,
)
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord

HEALTH_READ = Action("health.read", "Consulter la santé")
HEALTH_WRITE = Action("health.write", "Inscrire une donnée de santé")
HEALTH_CORRECT = Action("health.correct", "Corriger une donnée de santé")
HEALTH_JUDGE = Action("health.judge", "Confirmer ou infirmer une donnée de santé")
HEALTH_DECLARE = Action("health.declare", "Déclarer une donnée de santé")

MODELS: tuple[type[HealthLine], ...] = (
    AllergyIntolerance,
    CareDirective,
    Condition,
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


for _model in MODELS:
    rule(HEALTH_READ, _model, visible=True)(lines_shared_with)
    rule(HEALTH_CORRECT, _model)(lines_vouched_for)
    rule(HEALTH_JUDGE, _model)(lines_vouched_for)
