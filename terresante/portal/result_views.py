"""Results of biology as the person reads them: those of the documents she reads, no more, no less."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads
from terresante.kernel.ui.paging import asked_page
from terresante.portal.queries import read_founded_record, read_own_record
from terresante.results import queries
from terresante.results.access import RESULT_READ
from terresante.results.models import DiagnosticReport, LabObservation


@reads(RESULT_READ)
def results(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=RESULT_READ)
    number = asked_page(request.GET.get("page", ""))
    found = queries.report_page(request.actor, opened.patient.pk, number=number) if opened else None
    return render(request, "portal/results.html", {"opened": opened, "results": found})


@reads(RESULT_READ)
def result(request: Request, report_id: UUID) -> HttpResponse:
    opened = read_founded_record(request.actor, action=RESULT_READ)
    report = access.get(request.actor, RESULT_READ, DiagnosticReport, report_id, related=("document",))
    if report.record_id != opened.record.pk:
        raise NotFound
    audit.note_read(RESULT_READ, patient_id=opened.patient.pk, about=report)
    mark = partial(mark_objects_read, request.actor, opened.patient.pk, FeedKind.RESULT, [report.told_as])
    request.after_read.append(mark)
    shown = {
        "opened": opened,
        "report": report,
        "chapters": queries.chapters_of(request.actor, report),
    }
    return render(request, "portal/result.html", shown)


@reads(RESULT_READ)
def examination(request: Request, observation_id: UUID) -> HttpResponse:
    opened = read_founded_record(request.actor, action=RESULT_READ)
    observation = access.get(request.actor, RESULT_READ, LabObservation, observation_id, related=("report",))
    if observation.record_id != opened.record.pk or observation.is_susceptibility:
        raise NotFound
    audit.note_read(RESULT_READ, patient_id=opened.patient.pk, about=observation.report)
    shown = {
        "opened": opened,
        "observation": observation,
        "series": queries.series_of(request.actor, observation),
    }
    return render(request, "portal/examination.html", shown)
