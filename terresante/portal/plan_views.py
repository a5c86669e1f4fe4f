"""The programmes of the person, or of whom a relative acts for: what is planned, with whom, for when."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.queries import StepLine, pathways_of
from terresante.care_team.enums import RoleGroup
from terresante.kernel.screens import Request, reads
from terresante.kernel.ui.translation import later
from terresante.portal.queries import read_own_record

_TRADES: dict[str, str] = {
    RoleGroup.PHYSICIAN: later("le médecin"),
    RoleGroup.NURSE: later("l’infirmier ou l’infirmière"),
    RoleGroup.PHARMACIST: later("le pharmacien ou la pharmacienne"),
    RoleGroup.PARAMEDIC: later("un professionnel de la rééducation"),
    RoleGroup.PSYCHOLOGIST: later("le ou la psychologue"),
    RoleGroup.SOCIAL: later("l’assistant ou l’assistante sociale"),
    RoleGroup.HOME_AIDE: later("l’aide à domicile"),
    RoleGroup.COORDINATOR: later("la personne qui coordonne les soins"),
}


@require_safe
@reads(INCLUSION_READ)
def programmes(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=INCLUSION_READ)
    pathways = pathways_of(request.actor, opened.patient.pk) if opened else []
    told = [(pathway, [(line, _who(line)) for line in pathway.steps]) for pathway in pathways]
    return render(request, "portal/programmes.html", {"opened": opened, "told": told})


def _who(line: StepLine) -> str:
    """By name when it was given to somebody; else the trade, in the words of every day."""
    if line.step.responsible is not None:
        return line.who
    return _TRADES.get(line.step.role, line.who)
