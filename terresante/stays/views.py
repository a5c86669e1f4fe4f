from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terresante.care_team.queries import read_record
from terresante.kernel.screens import Request, reads, record_page
from terresante.stays.access import STAY_READ
from terresante.stays.queries import stays_of_patient
from terresante.stays.wording import stay_shown


@require_safe
@reads(STAY_READ)
def list_stays(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=STAY_READ)
    stays = [stay_shown(stay, opened.patient) for stay in stays_of_patient(request.actor, opened.patient.pk)]
    if request.headers.get("HX-Request"):
        return render(request, "stays/_list.html", {"stays": stays, "opened": opened})
    return record_page(request, "stays/list.html", opened, {"stays": stays}, tab="stays")
