from uuid import UUID

from django.http import HttpResponse

from terresante.care_team.queries import open_record, read_record
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Answer, Request, reads, record_page
from terresante.kernel.ui.links import link
from terresante.overview import sheet_queries
from terresante.overview.access import EMERGENCY_SHEET_PRINT, EMERGENCY_SHEET_READ


@reads(EMERGENCY_SHEET_READ)
def show_sheet(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=EMERGENCY_SHEET_READ)
    sheet = sheet_queries.read_sheet(request.actor, opened)
    url = link("overview:print_emergency_sheet", record_id)
    return record_page(
        request,
        "overview/emergency_sheet.html",
        opened,
        {"sheet": sheet},
        tab="emergency_sheet",
        main_action=MainAction("Imprimer (PDF)", url=url, icon="printer"),
    )


@reads(EMERGENCY_SHEET_PRINT)
def print_sheet(request: Request, record_id: UUID) -> Answer:
    opened = open_record(request.actor, record_id, action=EMERGENCY_SHEET_PRINT)
    return sheet_queries.paper(request.actor, opened)
