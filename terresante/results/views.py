from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, reads, record_page
from terresante.kernel.ui.frame import Tab
from terresante.kernel.ui.paging import asked_page, pages_beside
from terresante.results import queries
from terresante.results.access import RESULT_READ
from terresante.results.models import DiagnosticReport, LabObservation


@reads(RESULT_READ)
def list_results(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RESULT_READ)
    page = queries.report_page(
        request.actor, opened.patient.pk, number=asked_page(request.GET.get("page", ""))
    )
    shown: dict[str, Any] = {
        "results": page,
        "pages": pages_beside(page.page, "comptes rendus"),
        "opened": opened,
    }
    if request.headers.get("HX-Request"):
        return render(request, "results/_list.html", shown)
    shown |= {"page_tabs": _tabs(record_id, by_date=True)}
    return record_page(request, "results/list.html", opened, shown, tab="results")


@reads(RESULT_READ)
def list_examinations(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RESULT_READ)
    shown = {
        "chapters": queries.examinations_of(request.actor, opened.patient.pk),
        "page_tabs": _tabs(record_id, by_date=False),
    }
    return record_page(request, "results/examinations.html", opened, shown, tab="results")


@reads(RESULT_READ)
def show_report(request: Request, record_id: UUID, report_id: UUID) -> HttpResponse:
    opened, report = _opened(request, record_id, report_id)
    mark = partial(mark_objects_read, request.actor, opened.patient.pk, FeedKind.RESULT, [report.told_as])
    request.after_read.append(mark)
    shown = {
        "report": report,
        "chapters": queries.chapters_of(request.actor, report),
        "others": queries.compared_with(request.actor, report),
    }
    return record_page(request, "results/one.html", opened, shown, tab="results")


@reads(RESULT_READ)
def compare_reports(request: Request, record_id: UUID, report_id: UUID) -> HttpResponse:
    """With the one asked for (`avec`), else with the nearest before it."""
    opened, report = _opened(request, record_id, report_id)
    others = queries.compared_with(request.actor, report)
    wanted = request.GET.get("avec", "")
    other = next((each for each in others if not wanted or str(each.pk) == wanted), None)
    if other is None:
        raise NotFound
    shown = {
        "report": report,
        "others": others,
        "other": other,
        "comparison": queries.comparison(request.actor, report, other),
    }
    return record_page(request, "results/compare.html", opened, shown, tab="results")


@reads(RESULT_READ)
def show_examination(request: Request, record_id: UUID, observation_id: UUID) -> HttpResponse:
    opened = open_record(request.actor, record_id, action=RESULT_READ)
    observation = access.get(request.actor, RESULT_READ, LabObservation, observation_id, related=("report",))
    if observation.record_id != opened.record.pk or observation.is_susceptibility:
        raise NotFound
    audit.note_read(
        RESULT_READ,
        patient_id=opened.patient.pk,
        about=observation.report,
        purpose=opened.purpose(request.actor),
    )
    shown = {"series": queries.series_of(request.actor, observation), "observation": observation}
    return record_page(request, "results/examination.html", opened, shown, tab="results")


def _opened(request: Request, record_id: UUID, report_id: UUID) -> tuple[OpenRecord, DiagnosticReport]:
    """Of this record, whatever the address says."""
    opened = open_record(request.actor, record_id, action=RESULT_READ)
    report = access.get(request.actor, RESULT_READ, DiagnosticReport, report_id, related=("document",))
    if report.record_id != opened.record.pk:
        raise NotFound
    audit.note_read(
        RESULT_READ, patient_id=opened.patient.pk, about=report, purpose=opened.purpose(request.actor)
    )
    return opened, report


def _tabs(record_id: UUID, *, by_date: bool) -> tuple[Tab, ...]:
    return (
        Tab(label="Par date", url=reverse("results:list", args=[record_id]), current=by_date),
        Tab(label="Par examen", url=reverse("results:examinations", args=[record_id]), current=not by_date),
    )
