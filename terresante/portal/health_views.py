"""The person's own health record and emergency sheet, apart from her other pages."""

from django.http import HttpResponse
from django.shortcuts import render

from terresante.care_team.queries import open_record
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Answer, Request, reads
from terresante.overview import sheet_queries
from terresante.overview.access import EMERGENCY_SHEET_PRINT, EMERGENCY_SHEET_READ
from terresante.portal.queries import own_record_id, read_own_record


@reads(EMERGENCY_SHEET_READ)
def emergency_sheet(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=EMERGENCY_SHEET_READ)
    sheet = sheet_queries.emergency_sheet(request.actor, opened) if opened else None
    return render(request, "portal/emergency_sheet.html", {"opened": opened, "sheet": sheet})


@reads(EMERGENCY_SHEET_PRINT)
def print_emergency_sheet(request: Request) -> Answer:
    record_id = own_record_id(request.actor)
    if record_id is None:
        raise NotFound
    opened = open_record(request.actor, record_id, action=EMERGENCY_SHEET_PRINT)
    return sheet_queries.paper(request.actor, opened)
