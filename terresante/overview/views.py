"""The pages of a record that gather what the apps below know."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from terresante.care_team.access import RECORD_READ, RECORD_SHARE
from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.documents.access import DOCUMENT_READ
from terresante.feed import actions as feed
from terresante.feed import queries as news
from terresante.feed.access import ALERT_ACKNOWLEDGE, FEED_MARK_READ, FEED_READ
from terresante.feed.queries import Changes, Place, Told
from terresante.kernel import access
from terresante.kernel.access import Action
from terresante.kernel.errors import NotFound, Refused
from terresante.kernel.ports import MainAction, surviving_record
from terresante.kernel.screens import Request, error_page, reads, record_page, writes
from terresante.kernel.ui.frame import LEVEL_ICONS, Chip, Level
from terresante.kernel.ui.links import link
from terresante.kernel.ui.paging import asked_page
from terresante.notes.access import NOTE_READ, NOTE_WRITE
from terresante.overview import queries
from terresante.overview.forms import TimelineForm
from terresante.overview.home_queries import level_of
from terresante.overview.merged import strip_of_merge
from terresante.overview.queries import (
    A_PAGE,
    KINDS,
    MANY_FACTS,
    MOST_PAGES,
    MOST_PRINTED,
    PERIODS,
    Filters,
)


@reads(RECORD_READ)
def show_record(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id)
    summary = queries.summary(request.actor, opened)
    request.after_read.append(partial(feed.mark_visited, request.actor, opened.patient.pk))
    permitted = access.permitted(
        request.actor, opened.record, NOTE_READ, NOTE_WRITE, RECORD_SHARE, DOCUMENT_READ
    )
    shown = {
        "summary": summary,
        "reads_notes": NOTE_READ in permitted,
        **_to_see_first(opened, summary.alerts, summary.to_integrate, permitted),
        **_changes(summary.changes),
    }
    return record_page(
        request,
        "overview/record.html",
        opened,
        shown,
        tab="summary",
        main_action=_write_action(opened) if NOTE_WRITE in permitted else None,
    )


@reads(FEED_READ)
def show_changes(request: Request, record_id: UUID) -> HttpResponse:
    """The card « Ce qui a changé » alone, for a page that hears that something happened."""
    opened = read_record(request.actor, record_id)
    visit = news.visit(request.actor, opened.patient.pk, most=queries.FACTS_SHOWN)
    return render(request, "overview/_changes.html", {**_changes(visit.changes), "opened": opened})


@reads(FEED_READ)
def show_alerts(request: Request, record_id: UUID) -> HttpResponse:
    """The card « À voir d’abord » alone: what rings comes in, what was taken back goes."""
    opened = read_record(request.actor, record_id)
    alerts, to_integrate = queries.to_see_first(request.actor, opened.patient.pk)
    permitted = access.permitted(request.actor, opened.record, RECORD_SHARE, DOCUMENT_READ)
    shown = _to_see_first(opened, alerts, to_integrate, permitted)
    return render(request, "overview/_alerts.html", {**shown, "opened": opened})


@reads(FEED_READ)
def show_badges(request: Request, record_id: UUID) -> HttpResponse:
    """What the header says of a person at a glance, for a page that hears that it changed."""
    opened = read_record(request.actor, record_id)
    return record_page(request, "ui/patient_badges.html", opened, {}, tab="")


@reads(FEED_READ)
def show_moved(request: Request, record_id: UUID) -> HttpResponse:
    """For a page that hears of a merge: whether its record is now another one's, or another one is now in it.

    404 when it is open no more to whoever has the page: he asked for nothing, and no refusal is written of him.
    """
    kept = surviving_record(record_id)
    try:
        # What the strip names is read; that nothing has changed is not.
        opened = read_record(request.actor, kept) if kept else open_record(request.actor, record_id)
    except (NotFound, Refused) as error:
        return error_page(request, error)
    strip = strip_of_merge(opened, is_moved=kept is not None, since=request.GET.get("depuis", ""))
    return render(request, "overview/_moved.html", {"strip": strip})


@writes(FEED_MARK_READ)
def mark_all_read(request: Request, record_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return redirect("overview:record", record_id)
    seen_at = _moment(request.POST.get("seen_at", ""))
    feed.mark_all_read(request.actor, record_id, seen_at=seen_at)
    messages.success(request, "Les nouveautés de ce dossier sont marquées comme lues.")
    return redirect("overview:record", record_id)


@writes(ALERT_ACKNOWLEDGE)
def acknowledge_alert(request: Request, record_id: UUID, item_id: UUID) -> HttpResponse:
    if request.method == "POST":
        feed.acknowledge_alert(request.actor, record_id, item_id)
        messages.success(request, "Alerte vue.")
    if "accueil" in request.GET:
        return redirect(f"{link('overview:home')}?{urlencode({'filtre': request.GET['accueil']})}")
    return redirect("overview:record", record_id)


@reads(FEED_READ)
def show_timeline(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id)
    form = TimelineForm(request.GET)
    filters = form.filters()
    before = Place.read(request.GET.get("avant", ""))
    pages = _asked_pages(request.GET)
    page = queries.timeline_page(request.actor, opened, filters, before, most=A_PAGE * pages)
    next_url = _timeline_url(record_id, filters, before=page.next_place) if page.next_place else ""
    if request.headers.get("HX-Request"):
        answer = render(
            request, "overview/_timeline.html", {"page": page, "next_url": next_url, "is_next": True}
        )
        answer["HX-Replace-Url"] = _longer(request, record_id, filters)
        return answer
    may_write = access.permits(request.actor, NOTE_WRITE, opened.record)
    numbers = queries.timeline_numbers(request.actor, opened, filters, most=MANY_FACTS)
    return record_page(
        request,
        "overview/timeline.html",
        opened,
        {
            "page": page,
            "numbers": numbers,
            "form": form,
            "filters": filters,
            "before": before,
            "next_url": next_url,
            "kinds": _chips(record_id, filters, numbers.of_types),
            "top_url": _timeline_url(record_id, filters) if before else "",
            "print_url": _timeline_url(record_id, filters, of="overview:timeline_print"),
            "periods": _periods(record_id, filters),
        },
        tab="timeline",
        main_action=_write_action(opened) if may_write else None,
    )


def _asked_pages(words: QueryDict) -> int:
    return min(max(asked_page(words.get("pages", "")), 1), MOST_PAGES)


def _longer(request: Request, record_id: UUID, filters: Filters) -> str:
    """The address of the page that has just got longer: who opens a fact and comes back finds his place."""
    words = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    pages = min(_asked_pages(words) + 1, MOST_PAGES)
    before = Place.read(words.get("avant", ""))
    return _timeline_url(record_id, filters, before=before, pages=str(pages))


@reads(FEED_READ)
def print_timeline(request: Request, record_id: UUID) -> HttpResponse:
    """On paper, with the filters of the screen: the latest thousand at most, and it says when there are more."""
    opened = read_record(request.actor, record_id)
    filters = TimelineForm(request.GET).filters()
    page = queries.timeline_page(request.actor, opened, filters, None, most=MOST_PRINTED)
    shown = {
        "opened": opened,
        "page": page,
        "numbers": queries.timeline_numbers(request.actor, opened, filters, most=MOST_PRINTED),
        "filters": filters,
        "kind": KINDS[filters.kind][0] if filters.kind else "",
        "period": PERIODS.get(filters.period, "") if not (filters.start or filters.end) else "",
        "back_url": _timeline_url(record_id, filters),
        "now": timezone.now(),
    }
    return render(request, "overview/timeline_print.html", shown)


def _moment(text: str) -> datetime:
    try:
        read = parse_datetime(text[:40])
    except ValueError as error:  # as one writes a moment, and no moment: a thirteenth month
        raise NotFound from error
    if read is None or timezone.is_naive(read):
        raise NotFound
    return read


def _alert(fact: Told) -> tuple[Told, str, str]:
    """With its level, and the shape that says it."""
    level = level_of(fact.item) or Level.INFORMATION
    return fact, level.value, LEVEL_ICONS[level]


def _to_see_first(
    opened: OpenRecord, alerts: Sequence[Told], to_integrate: int, permitted: Collection[Action]
) -> dict[str, Any]:
    return {
        "alerts": [_alert(fact) for fact in alerts],
        "to_integrate": to_integrate,
        "reads_documents": DOCUMENT_READ in permitted,
        "shares": not opened.record.is_shared and RECORD_SHARE in permitted,
    }


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "changes": changes,
        "since_words": queries.visit_words(changes.since, now=changes.seen_at),
        "rows": [queries.event_row(fact) for fact in changes.facts],
    }


def _write_action(opened: OpenRecord) -> MainAction:
    return MainAction("Écrire une note", url=link("notes:write", opened.record.pk), icon="pencil")


def _chips(record_id: UUID, filters: Filters, numbers: dict[str, int]) -> tuple[Chip, ...]:
    """What there is none of is not offered, but for what was asked; all of them where there are too many to count."""
    choices = [("", "Tout"), *((key, label) for key, (label, _) in KINDS.items())]
    return tuple(
        Chip(
            label=label,
            url=_timeline_url(record_id, filters, type=key),
            current=filters.kind == key,
            count=numbers.get(key),
        )
        for key, label in choices
        if not numbers or numbers[key] or key in ("", filters.kind)
    )


def _periods(record_id: UUID, filters: Filters) -> tuple[Chip, ...]:
    dated = filters.start or filters.end
    return tuple(
        Chip(
            label=label,
            url=_timeline_url(record_id, filters, periode=key, du="", au=""),
            current=filters.period == key and not dated,
        )
        for key, label in [("", "Toutes les dates"), *PERIODS.items()]
    )


def _timeline_url(
    record_id: UUID,
    filters: Filters,
    *,
    before: Place | None = None,
    of: str = "overview:timeline",
    **changed: str,
) -> str:
    asked = {
        "type": filters.kind,
        "periode": filters.period,
        "du": filters.start.isoformat() if filters.start else "",
        "au": filters.end.isoformat() if filters.end else "",
        "avant": str(before) if before else "",
        **changed,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{link(of, record_id)}{'?' if query else ''}{query}"
