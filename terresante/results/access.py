from django.db.models import Q

from terresante.care_team.access import changes, reaches, reads_class, shares
from terresante.care_team.enums import DataClass
from terresante.documents.access import contents_opened
from terresante.documents.models import DocumentReference
from terresante.kernel.access import NOBODY, Action, points_to, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord
from terresante.results.models import DiagnosticReport, LabObservation

RESULT_READ = Action("result.read", "Consulter les résultats de biologie")
RESULT_WRITE = Action("result.write", "Transmettre des résultats de biologie")


@rule(RESULT_READ, DiagnosticReport, visible=True)
def reports_shared_with(actor: Actor) -> Q:
    """Shared by its own limits, and only with those who may open its document, even if they changed since."""
    opened = points_to(DocumentReference, contents_opened(actor), by="document_id")
    return shares(actor) & (Q(document=None) | opened)


@rule(RESULT_READ, LabObservation, visible=True)
def results_of_reports_read(actor: Actor) -> Q:
    return points_to(DiagnosticReport, reports_shared_with(actor), by="report_id")


@rule(RESULT_READ, CareRecord)
def records_whose_results_are_read(actor: Actor) -> Q:
    return reaches(actor) if reads_class(actor, DataClass.MEDICAL) else NOBODY


@rule(RESULT_WRITE, CareRecord)
def records_reported_in(actor: Actor) -> Q:
    """By the software of a structure that knows the person under a number of its own: nobody types a result."""
    return changes(actor) if actor.kind == ActorKind.GATEWAY else NOBODY


@rule(RESULT_WRITE, DiagnosticReport)
def own_reports(actor: Actor) -> Q:
    """A sender corrects and takes back what it sent itself."""
    if actor.kind != ActorKind.GATEWAY or actor.organization_id is None:
        return NOBODY
    return changes(actor) & Q(organization_id=actor.organization_id)
