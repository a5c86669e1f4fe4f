from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.forms.limits import ReadersForm
from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.feed.actions import mark_objects_read
from terresante.health_record import actions, queries
from terresante.health_record.access import HEALTH_CORRECT, HEALTH_JUDGE, HEALTH_READ, HEALTH_WRITE
from terresante.health_record.enums import MeasureCode, Verification
from terresante.health_record.forms import FORMS, ReasonForm, VerdictForm, written
from terresante.health_record.models import HealthLine
from terresante.health_record.offered_queries import count_waiting
from terresante.health_record.queries import MEASURES, Kind, kind_of
from terresante.health_record.said import NO_KNOWN_ALLERGY
from terresante.kernel import access
from terresante.kernel.access import Action
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.frame import Chip


@reads(HEALTH_READ)
def show_summary(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_READ)
    sections = queries.sections(request.actor, opened.patient.pk)
    _mark_read(request, opened, [line for section in sections for line in section.lines])
    shown: dict[str, Any] = {
        "sections": sections,
        "measures": MEASURES,
        "writes": access.permits(request.actor, HEALTH_WRITE, opened.record),
        "waiting": count_waiting(request.actor, opened.patient.pk),
    }
    if request.headers.get("HX-Request"):
        return render(request, "health_record/_sections.html", {**shown, "opened": opened})
    return record_page(
        request,
        "health_record/summary.html",
        opened,
        shown,
        tab="health",
        main_action=_add_measure(request, opened),
    )


@reads(HEALTH_READ)
def show_measures(request: Request, record_id: UUID) -> HttpResponse:
    """One measure at a time: its curve, and the same values as a table."""
    opened = read_record(request.actor, record_id, action=HEALTH_READ)
    latest = queries.latest_measures(request.actor, opened.patient.pk)
    asked = request.GET.get("mesure", latest[0].code if latest else MeasureCode.WEIGHT)
    code = MeasureCode(asked) if asked in MeasureCode.values else MeasureCode.WEIGHT
    url = reverse("health_record:measures", args=[record_id])
    chips = tuple(
        Chip(label=line.label, url=f"{url}?mesure={line.code}", current=line.code == code) for line in latest
    )
    shown = {"series": queries.series(request.actor, opened.patient.pk, code), "chips": chips}
    return record_page(
        request,
        "health_record/measures.html",
        opened,
        shown,
        tab="health",
        main_action=_add_measure(request, opened),
    )


def _add_measure(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, HEALTH_WRITE, opened.record):
        return None
    url = reverse("health_record:add", args=[opened.record.pk, MEASURES.slug])
    return MainAction(MEASURES.add, url=url, icon="plus")


@reads(HEALTH_READ)
def show_line(request: Request, record_id: UUID, kind: str, line_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_READ)
    asked, line = kind_of(kind), _line(request, opened, kind, line_id, HEALTH_READ)
    versions = queries.versions_of(request.actor, line)
    _mark_read(request, opened, versions)
    may = access.permitted(request.actor, line, HEALTH_CORRECT, HEALTH_JUDGE)
    shown = {
        "kind": asked,
        "line": line,
        "versions": versions,
        "newest": versions[0],
        "source": _source(request, line),
        "corrects": HEALTH_CORRECT in may and not getattr(line, "is_none_known", False),
        "judges": HEALTH_JUDGE in may,
    }
    return record_page(request, "health_record/one.html", opened, shown, tab="health")


@writes(HEALTH_WRITE)
def add_line(request: Request, record_id: UUID, kind: str) -> HttpResponse:
    """POST with `recompute` answers « Qui verra ceci ? » without JavaScript."""
    asked = kind_of(kind)
    posted = request.POST or None
    form, levels = FORMS[kind](posted), ReadersForm(request.actor, posted)
    if posted and "recompute" not in posted and form.is_valid() and levels.is_valid():
        try:
            line = actions.add_line(
                request.actor,
                record_id,
                said=form.said(),
                level=Confidentiality(levels.cleaned_data["level"]),
                hidden_from_representative=levels.cleaned_data["relatives_see"] == "no",
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"« {line.label} » est inscrit au dossier.")
            return redirect(_after(asked, record_id, line))
    if "recompute" in request.POST:
        form.errors.clear()
    opened = read_record(request.actor, record_id, action=HEALTH_WRITE)
    panel = queries.panel_of(opened.patient, levels.draft_of(opened.patient.pk, DataClass.MEDICAL))
    shown = {"kind": asked, "form": form, "levels": levels, "audience": panel}
    return _form_page(request, "health_record/add.html", opened, shown, form)


@writes(HEALTH_WRITE)
def add_no_allergy(request: Request, record_id: UUID) -> HttpResponse:
    """« Aucune allergie connue », said on purpose and signed."""
    if request.method == "POST":
        try:
            actions.add_line(request.actor, record_id, said=NO_KNOWN_ALLERGY)
        except Conflict as error:
            messages.warning(request, error.sentence)
        else:
            messages.success(request, "« Aucune allergie connue » est inscrit, signé par vous.")
    return redirect("health_record:summary", record_id)


@reads(HEALTH_WRITE)
def show_audience(request: Request, record_id: UUID) -> HttpResponse:
    """The panel alone, for the choices made so far; nothing of the health of anybody is sent here."""
    opened = open_record(request.actor, record_id, action=HEALTH_WRITE)
    draft = ReadersForm(request.actor, request.GET).draft_of(opened.patient.pk, DataClass.MEDICAL)
    return render(request, "ui/audience.html", {"audience": queries.panel_of(opened.patient, draft)})


@writes(HEALTH_CORRECT)
def correct_line(request: Request, record_id: UUID, kind: str, line_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_WRITE)
    line = _line(request, opened, kind, line_id, HEALTH_CORRECT)
    form = FORMS[kind](request.POST or None)
    form.initial = written(form, line)
    why = ReasonForm(request.POST or None)
    if request.POST and form.is_valid() and why.is_valid():
        try:
            newest = actions.correct_line(
                request.actor, record_id, line_id, said=form.said(), reason=why.cleaned_data["reason"]
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "La ligne est corrigée ; ce qu’elle disait reste dans son historique.")
            return redirect("health_record:one", record_id, kind, newest.pk)
    shown = {"kind": kind_of(kind), "line": line, "form": form, "why": why}
    return _form_page(request, "health_record/correct.html", opened, shown, form)


@writes(HEALTH_JUDGE)
def judge_line(request: Request, record_id: UUID, kind: str, line_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_WRITE)
    line = _line(request, opened, kind, line_id, HEALTH_JUDGE)
    form = VerdictForm(request.POST or None)
    if request.POST and form.is_valid():
        try:
            newest = actions.judge_line(
                request.actor,
                record_id,
                line_id,
                model=type(line),
                verdict=Verification(form.cleaned_data["verdict"]),
                reason=form.cleaned_data["reason"],
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            said = newest.get_verification_status_display().lower()
            messages.success(request, f"« {line.label} » : {said}.")
            return redirect("health_record:one", record_id, kind, newest.pk)
    shown = {"kind": kind_of(kind), "line": line, "form": form}
    return _form_page(request, "health_record/judge.html", opened, shown, form)


def _line(request: Request, opened: OpenRecord, kind: str, line_id: UUID, act: Action) -> HealthLine:
    """Of this record and of this kind, whatever the address says."""
    line = access.get(request.actor, act, kind_of(kind).model, line_id)
    if line.record_id != opened.record.pk:
        raise NotFound
    return line


def _source(request: Request, line: HealthLine) -> DocumentReference | None:
    """The original, for who reads it."""
    if line.source_id is None:
        return None
    read = access.list(request.actor, DOCUMENT_READ, DocumentReference).filter(patient_id=line.patient_id)
    return read.filter(pk=line.source_id).first()


def _after(kind: Kind, record_id: UUID, line: HealthLine) -> str:
    if kind is MEASURES:
        code = getattr(line, "code", "")
        return f"{reverse('health_record:measures', args=[record_id])}?mesure={code}"
    return reverse("health_record:summary", args=[record_id])


def _form_page(
    request: Request, template: str, opened: OpenRecord, shown: dict[str, Any], form: forms.Form
) -> HttpResponse:
    return record_page(request, template, opened, shown, tab="health", status=form_status(form))


def _mark_read(request: Request, opened: OpenRecord, lines: list[HealthLine]) -> None:
    for model, kind in actions.FACT_OF.items():
        if keys := [line.pk for line in lines if type(line) is model]:
            mark = partial(mark_objects_read, request.actor, opened.patient.pk, kind, keys)
            request.after_read.append(mark)
