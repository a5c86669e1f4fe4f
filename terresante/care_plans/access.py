from django.db.models import Exists, OuterRef, Q

from terresante.care_plans.enums import PROGRAMME_CLASSES, StepState, VersionStatus
from terresante.care_plans.models import (
    BillableSequence,
    Inclusion,
    InvoiceBatch,
    PathwayChange,
    PlannedStep,
    Programme,
    ProgrammeVersion,
)
from terresante.care_team import matrix
from terresante.care_team.access import changes, reaches, reads_class, shares, writes_class
from terresante.care_team.enums import RoleGroup
from terresante.directory.enums import Duty
from terresante.kernel.access import NOBODY, Action, points_to, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.patients.models import CareRecord

PROGRAMME_READ = Action("programme.read", "Consulter un programme")
PROGRAMME_MANAGE = Action("programme.manage", "Définir un programme")
SEQUENCES_READ = Action("sequence.list", "Consulter les séquences facturables d’un programme")
SEQUENCES_EXPORT = Action("sequence.export", "Exporter les séquences facturables d’un programme")
SEQUENCES_INVOICE = Action("sequence.invoice", "Préparer un lot de facturation")
INCLUSION_READ = Action("inclusion.read", "Consulter le parcours organisé")
INCLUSION_WRITE = Action("inclusion.write", "Inclure dans un programme")
INCLUSION_LEAVE = Action("inclusion.leave", "Sortir d’un programme")
STEP_WORK = Action("step.work", "Faire avancer une étape du parcours organisé")
STEP_ASSIGN = Action("step.assign", "Confier une étape du parcours organisé")


def leads_programmes(actor: Actor) -> bool:
    """For the structure he works in now."""
    is_so = actor.kind == ActorKind.PROFESSIONAL and actor.has_duty(Duty.PROGRAMME_LEAD)
    return is_so and actor.organization_id is not None


def require_lead(actor: Actor) -> None:
    """For the pages that list: an empty list would not say why."""
    if not leads_programmes(actor):
        raise Refused(
            "Les programmes sont tenus par les chefs de projet : un administrateur de votre structure confie cette"
            " fonction."
        )


@rule(PROGRAMME_MANAGE, Programme)
@rule(SEQUENCES_READ, Programme)
@rule(SEQUENCES_EXPORT, Programme)
@rule(SEQUENCES_INVOICE, Programme)
def programmes_led(actor: Actor) -> Q:
    """Only by the project leads of the structure in charge: nobody else reaches its sums."""
    return Q(organization_id=actor.organization_id) if leads_programmes(actor) else NOBODY


@rule(PROGRAMME_READ, Programme, visible=True)
def programmes_known(actor: Actor) -> Q:
    """A published programme is public among professionals; a draft is for its project leads."""
    if actor.kind == ActorKind.JOB:
        return Q()
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    published = ProgrammeVersion.objects.filter(programme_id=OuterRef("pk"), status=VersionStatus.PUBLISHED)
    return Q(Exists(published)) | programmes_led(actor)


@rule(PROGRAMME_READ, ProgrammeVersion, visible=True)
def versions_known(actor: Actor) -> Q:
    if actor.kind == ActorKind.JOB:
        return Q()
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    return ~Q(status=VersionStatus.DRAFT) | versions_led(actor)


@rule(PROGRAMME_MANAGE, ProgrammeVersion)
def versions_led(actor: Actor) -> Q:
    return Q(programme__organization_id=actor.organization_id) if leads_programmes(actor) else NOBODY


@rule(SEQUENCES_READ, InvoiceBatch, visible=True)
@rule(SEQUENCES_EXPORT, InvoiceBatch)
def batches_led(actor: Actor) -> Q:
    return Q(programme__organization_id=actor.organization_id) if leads_programmes(actor) else NOBODY


@rule(INCLUSION_READ, CareRecord)
def records_whose_pathways_are_read(actor: Actor) -> Q:
    return reaches(actor) if any(reads_class(actor, name) for name in PROGRAMME_CLASSES) else NOBODY


@rule(INCLUSION_READ, Inclusion, visible=True)
def inclusions_read(actor: Actor) -> Q:
    return shares(actor)


@rule(INCLUSION_WRITE, CareRecord)
def records_included(actor: Actor) -> Q:
    """Records in which he may include somebody; the programme itself says which roles include."""
    if actor.kind != ActorKind.PROFESSIONAL or not any(
        writes_class(actor, name) for name in PROGRAMME_CLASSES
    ):
        return NOBODY
    return changes(actor)


@rule(INCLUSION_LEAVE, Inclusion)
@rule(STEP_ASSIGN, PlannedStep)
def written_by_class(actor: Actor) -> Q:
    """Who writes that class in the record."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    return changes(actor) & shares(actor) & Q(data_class__in=matrix.writable(actor.role))


@rule(INCLUSION_READ, PlannedStep, visible=True)
def steps_read(actor: Actor) -> Q:
    return shares(actor)


@rule(STEP_WORK, PlannedStep)
def steps_worked(actor: Actor) -> Q:
    """A step is done by members who read its class and have its role, or were named for it; and by coordinators who
    write that class: they keep the whole pathway.
    """
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    mine = is_theirs(actor)
    if matrix.group_of(actor.role) == RoleGroup.COORDINATOR:
        mine |= Q(data_class__in=matrix.writable(actor.role))
    return changes(actor) & shares(actor) & mine & ~Q(state=StepState.CANCELLED)


def is_theirs(actor: Actor) -> Q:
    """Steps that this actor must do: those of his role, or given to him by name. Coordinators may do others too."""
    by_name = Q(responsible_id=actor.person_id) if actor.person_id is not None else NOBODY
    return by_name | Q(responsible=None, role=matrix.group_of(actor.role))


def is_for(actor: Actor, step: PlannedStep) -> bool:
    """As `is_theirs`, asked of a step that is loaded already."""
    if step.responsible_id is not None:
        return step.responsible_id == actor.person_id
    return step.role == matrix.group_of(actor.role)


def _of_inclusions(read: Q) -> Q:
    return points_to(Inclusion, read, by="inclusion_id")


@rule(INCLUSION_READ, PathwayChange, visible=True)
@rule(INCLUSION_READ, BillableSequence, visible=True)
def what_hangs_on_inclusions(actor: Actor) -> Q:
    return _of_inclusions(shares(actor))
