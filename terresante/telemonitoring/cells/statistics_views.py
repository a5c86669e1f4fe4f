"""What a cell did, as numbers: on the page, and as a file for a spreadsheet."""

import csv
import io
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from terresante.kernel import access
from terresante.kernel.screens import Request, reads
from terresante.kernel.ui.frame import Chip
from terresante.telemonitoring.alerts.access import STATISTICS_READ
from terresante.telemonitoring.cells.statistics_queries import LONGEST_DAYS, Activity, activity_of
from terresante.telemonitoring.models import Cell

_PERIODS = ((7, "7 jours"), (30, "30 jours"), (90, "90 jours"), (LONGEST_DAYS, "Un an"))
# A spreadsheet takes such a beginning for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@reads(STATISTICS_READ)
def statistics(request: Request, cell_id: UUID) -> HttpResponse:
    cell = access.get(request.actor, STATISTICS_READ, Cell, cell_id, related=("organization",))
    days = _days(request.GET.get("jours", ""))
    until = timezone.localdate()
    since = until - timedelta(days=days - 1)
    activity = activity_of(request.actor, cell, since, until)
    if request.GET.get("format") == "csv":
        return _file(activity, since, until)
    chips = tuple(Chip(label=label, url=f"?jours={each}", current=each == days) for each, label in _PERIODS)
    shown = {
        "cell": cell,
        "activity": activity,
        "periods": chips,
        "days": days,
        "since": since,
        "until": until,
    }
    return render(request, "telemonitoring/statistics.html", shown)


def _days(text: str) -> int:
    return int(text) if text in {str(each) for each, _ in _PERIODS} else _PERIODS[1][0]


def _file(activity: Activity, since: date, until: date) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(["mesure", "detail", "couleur", "nombre"])
    for one in activity.figures:
        number = "" if one.number is None else f"{round(one.number, 1).normalize():f}".replace(".", ",")
        writer.writerow([one.measure, _cell(one.label), one.colour, number])
    name = f"telesuivi-{since:%Y-%m-%d}-{until:%Y-%m-%d}.csv"
    # With its mark, so that a spreadsheet reads the accents.
    answer = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
