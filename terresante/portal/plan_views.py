"""The programmes of the person, or of whom a relative acts for: what is planned, with whom, for when."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.queries import pathways_of
from terresante.kernel.screens import Request, reads
from terresante.portal.queries import read_own_record


@require_safe
@reads(INCLUSION_READ)
def programmes(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=INCLUSION_READ)
    pathways = pathways_of(request.actor, opened.patient.pk) if opened else []
    return render(request, "portal/programmes.html", {"opened": opened, "pathways": pathways})
